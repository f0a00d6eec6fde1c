#pragma once

#include <arbalest/transport/transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arbalest::test {

/// The value of a header in a frame as it is on the wire; empty when absent.
std::string header_of(std::string_view frame, std::string_view name);

/// Answers a frame as a broker without subscriptions does: CONNECTED, RECEIPT where one is asked for.
std::string answer(std::string const& frame);

/// What a MemoryTransport is connected with. Outlives it.
class MemoryPeer
{
public:
    explicit MemoryPeer(boost::asio::any_io_executor executor) : executor(executor), changed_(executor) {}

    /// Lets the session read these bytes.
    void send(std::string_view bytes);
    /// Lets reading and writing end with this, once everything that was sent has been read.
    void end(std::exception_ptr why);
    void end(boost::system::error_code why);

    boost::asio::any_io_executor executor;
    /// Called with every frame that was written, without its NUL; what it returns is sent.
    std::function<std::string(std::string const&)> on_frame = answer;
    /// How many bytes are read or written at a time.
    std::size_t piece = 7;
    bool wants_frame_ends = false;
    /// Whether close() takes until abort() is called.
    bool close_hangs = false;

    /// Every frame that was written.
    std::vector<std::string> frames;
    /// What each call of write_some() wrote.
    std::vector<std::string> writes;
    /// How many frame ends write_some() was given, at most.
    std::size_t most_frame_ends = 0;
    /// What else became of the transport: "close 0" with the reason, "abort", "destroyed".
    std::vector<std::string> log;

private:
    friend class MemoryTransport;
    std::string unread_;
    std::string unfinished_; // the beginning of a frame
    std::exception_ptr end_;
    bool aborted_ = false;
    boost::asio::steady_timer changed_;
};

/// A transport as an application may write one: it moves bytes to a MemoryPeer, in small pieces.
class MemoryTransport final : public Transport
{
public:
    explicit MemoryTransport(std::shared_ptr<MemoryPeer> peer) : peer_(std::move(peer)) {}
    ~MemoryTransport() override { peer_->log.push_back("destroyed"); }

    boost::asio::any_io_executor get_executor() override { return peer_->executor; }
    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer) override;
    boost::asio::awaitable<std::size_t> write_some(boost::asio::const_buffer buffer,
                                                   std::span<std::size_t const> frame_ends) override;
    bool wants_frame_ends() const noexcept override { return peer_->wants_frame_ends; }
    boost::asio::awaitable<void> close(CloseReason reason) override;
    void abort() noexcept override;

private:
    std::shared_ptr<MemoryPeer> peer_;
};

} // namespace arbalest::test
