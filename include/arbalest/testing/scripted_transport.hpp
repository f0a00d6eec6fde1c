#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// Helpers for the tests of programs that use Arbalest.
namespace arbalest::testing {

/// What a peer expects and answers, for testing code that uses a session without a broker: steps that are gone through
/// in order. Heart-beats of the session are skipped. A cheap copyable handle: keep one for verify(), and give a
/// ScriptedTransport made of it to StompSession::over().
///
/// ```
/// arbalest::testing::Script script(executor);
/// script.expect_frame("CONNECT").reply_frame("CONNECTED\nversion:1.2");
/// script.expect_frame("SEND", {{"destination", "/queue/orders"}}).reply_frame("RECEIPT\nreceipt-id:{receipt}");
/// script.end();
/// std::unique_ptr<arbalest::Transport> transport = std::make_unique<arbalest::testing::ScriptedTransport>(script);
/// auto session = co_await arbalest::StompSession::over(std::move(transport), config);
/// // …
/// script.verify();
/// ```
class ARBALEST_DECL Script
{
public:
    /// @param executor on which the transport's operations complete. All members are called there.
    explicit Script(boost::asio::any_io_executor executor);

    /// Exactly these bytes come next, in however many pieces. The NUL of a frame has to be given.
    Script& expect(std::string bytes);
    /// A frame comes next for which the predicate returns true. @param what it is, for messages.
    Script& expect(std::function<bool(Frame const&)> predicate, std::string what);
    /// A frame with this command comes next, which has at least these headers. One with an empty value just has to be
    /// there.
    Script& expect_frame(std::string command, std::vector<std::pair<std::string, std::string>> headers = {});

    /// Lets the session read these bytes.
    Script& reply(std::string bytes);
    /// Lets it read a frame: its command and headers as lines with line feeds between them, then an empty line, the
    /// body and a NUL. In the lines a header's name in braces stands for its value in the frame that was expected last,
    /// as in "RECEIPT\nreceipt-id:{receipt}".
    Script& reply_frame(std::string lines, std::string body = {});
    /// Ends reading with this. Default: the peer has closed.
    Script& end(boost::system::error_code code = boost::asio::error::eof);

    /// Whether all steps are done and nothing went wrong.
    bool done() const;
    /// @throws std::logic_error unless done(), which says what was expected, and what came instead.
    void verify() const;

    /// The reasons with which the session has closed the transport.
    std::vector<CloseReason> const& closed() const noexcept;
    /// Whether the session has aborted the transport, as it does in the end, or destroyed it.
    bool aborted() const noexcept;

private:
    friend class ScriptedTransport;
    class State;
    std::shared_ptr<State> state_;
};

/// A Transport whose peer follows a Script. What the script does not expect ends reading and writing with
/// `boost::system::errc::protocol_error`, and Script::verify() tells more.
class ARBALEST_DECL ScriptedTransport final : public Transport
{
public:
    /// One transport per script.
    explicit ScriptedTransport(Script script);
    ~ScriptedTransport() override;

    boost::asio::any_io_executor get_executor() override;
    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer) override;
    boost::asio::awaitable<std::size_t> write_some(boost::asio::const_buffer buffer,
                                                   std::span<std::size_t const> frame_ends) override;
    boost::asio::awaitable<void> close(CloseReason reason) override;
    bool may_close_while_busy() const noexcept override { return true; }
    void abort() noexcept override;

private:
    std::shared_ptr<Script::State> state_;
};

} // namespace arbalest::testing
