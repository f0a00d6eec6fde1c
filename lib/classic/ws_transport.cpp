#include "../transport/url.hpp"
#include "blocking.hpp"
#include "endpoint.hpp"
#include "io_thread.hpp"
#include "limit.hpp"
#include "text_codec.hpp"
#include <arbalest/classic/ws_transport.hpp>
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/frame_decoder.hpp>
#include <arbalest/session/error.hpp>
#include <arbalest/session/with_timeout.hpp>
#include <arbalest/transport/error.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace arbalest::classic {

namespace asio = boost::asio;
using detail::Cancellable;
using detail::Endpoint;

namespace {

constexpr std::chrono::nanoseconds default_limit = std::chrono::seconds(15);
constexpr std::chrono::nanoseconds closing = std::chrono::seconds(1);
constexpr std::size_t most_received = std::size_t{64} << 10;

Endpoint road_to(std::string_view text, WSTransportOptions const& options)
{
    auto url = arbalest::detail::parse_url(text);
    if (url.transport_kind != arbalest::detail::TransportKind::websocket)
        throw std::invalid_argument("'" + url.scheme + "' is no scheme of a WebSocket");
    Endpoint endpoint(HostAndPort(url.host, url.port), url.transport_kind,
                      url.tls ? std::optional(options.tls) : std::nullopt, url.target);
    endpoint.url.login = std::move(url.login);
    endpoint.url.passcode = std::move(url.passcode);
    endpoint.options.websocket.headers = options.header;
    endpoint.options.websocket.payload = options.binary_mode ? WebSocketPayload::binary : WebSocketPayload::text;
    return endpoint;
}

asio::awaitable<std::shared_ptr<Transport>> open_socket(Endpoint endpoint, std::chrono::nanoseconds limit)
{
    auto const attempts = std::make_shared<std::vector<ConnectAttempt>>();
    auto trying = detail::try_endpoint(std::move(endpoint), limit, attempts);
    std::shared_ptr<Transport> transport = co_await std::move(trying);
    if (!transport)
        throw ConnectError(std::move(*attempts));
    co_return transport;
}

asio::awaitable<std::string> read(std::shared_ptr<Transport> transport)
{
    std::string data(most_received, '\0');
    auto const size = co_await transport->read_some(asio::buffer(data));
    data.resize(size);
    co_return data;
}

asio::awaitable<bool> write(std::shared_ptr<Transport> transport, std::string bytes, std::chrono::nanoseconds limit)
{
    std::vector<std::size_t> const ends{bytes.size()};
    std::size_t done = 0;
    while (done < bytes.size()) {
        asio::const_buffer const rest(bytes.data() + done, bytes.size() - done);
        auto writing = transport->write_some(rest, ends);
        if (limit < detail::no_limit)
            writing = with_timeout(limit, std::move(writing));
        done += co_await std::move(writing);
    }
    co_return true;
}

asio::awaitable<bool> close_socket(std::shared_ptr<Transport> transport, std::chrono::nanoseconds limit)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, detail::end_of(limit));
    timer.async_wait([transport](boost::system::error_code code) {
        if (!code)
            transport->abort();
    });
    try {
        co_await transport->close(CloseReason::normal);
    } catch (std::exception const&) {
        // Then it is closed without ceremony.
    }
    timer.cancel();
    transport->abort();
    co_return true;
}

} // namespace

class WSTransport::Impl
{
    template <class T>
    T run(asio::awaitable<T> operation)
    {
        return detail::block_on(std::make_shared<Cancellable>(), executor_, std::move(operation));
    }

    // What fails ends the connection, unless stop() has ended it already.
    template <class Operation>
    auto carry_out(std::shared_ptr<Transport> const& transport, Operation operation)
    {
        try {
            return run(operation());
        } catch (Timeout const&) {
            abandon(transport);
            throw;
        } catch (PeerClosed const& error) {
            if (!abandon(transport))
                throw SessionClosed("the web socket was stopped", Outcome::unknown);
            bool const is_end = error.code() == asio::error::eof;
            throw ConnectionLost(error.code(), is_end ? "the server closed the connection" : error.code().message(),
                                 error.reason());
        } catch (boost::system::system_error const& error) {
            if (!abandon(transport))
                throw SessionClosed("the web socket was stopped", Outcome::unknown);
            throw ConnectionLost(error.code(), error.code() == asio::error::eof
                                                   ? "the server closed the connection"
                                                   : "the connection broke: " + error.code().message());
        }
    }

public:
    Impl(Endpoint endpoint, WSTransportOptions const& options, bool auto_decode, std::string encoding, IsEol is_eol)
        : endpoint_(std::move(endpoint)), codec_(std::move(encoding)), auto_decode_(auto_decode),
          is_eol_(std::move(is_eol)), io_(std::make_shared<detail::IoThread>()), executor_(io_->get_executor())
    {
        if (options.timeout)
            limit_ = detail::limit_of(*options.timeout);
        io_->start();
    }
    Impl(Impl const&) = delete;
    Impl& operator=(Impl const&) = delete;
    ~Impl() { io_->finish(); }

    void start()
    {
        std::lock_guard const starting(start_mutex_);
        if (is_connected())
            return;
        auto transport = run(open_socket(endpoint_, limit_.value_or(default_limit)));
        std::lock_guard const lock(mutex_);
        transport_ = std::move(transport);
        decoder_ = FrameDecoder();
        decoder_.set_version(StompVersion::v1_2);
    }

    void stop(std::chrono::nanoseconds timeout)
    {
        if (auto transport = take(nullptr))
            run(close_socket(std::move(transport), timeout.count() > 0 ? timeout : closing));
    }

    void send(Frame frame)
    {
        auto const transport = current();
        if (!frame.body().empty()) {
            if (auto const body = codec_.encode(frame.body()))
                frame.set_body(*body);
        }
        std::string bytes;
        if (frame.empty())
            bytes = "\n";
        else
            encode(frame, StompVersion::v1_2, bytes);
        std::lock_guard const sending(send_mutex_);
        carry_out(transport, [&] { return write(transport, std::move(bytes), limit_.value_or(detail::no_limit)); });
    }

    std::string receive()
    {
        auto const transport = current();
        auto data = carry_out(transport, [&] { return read(transport); });
        if (is_eol(data))
            ++heart_beats_;
        return data;
    }

    Frame receive_frame()
    {
        for (;;) {
            if (auto frame = decoder_.next()) {
                if (auto_decode_ && !frame->body().empty()) {
                    if (auto const text = codec_.decode(frame->body()))
                        frame->set_body(*text);
                }
                return std::move(*frame);
            }
            decoder_.feed(receive());
        }
    }

    bool is_connected() const
    {
        std::lock_guard const lock(mutex_);
        return transport_ != nullptr;
    }

    bool is_eol(std::string_view data) const
    {
        if (is_eol_)
            return is_eol_(data);
        return !data.empty() && data.find_first_not_of("\r\n") == data.npos;
    }

    std::uint64_t heart_beats() const noexcept { return heart_beats_; }

private:
    std::shared_ptr<Transport> current() const
    {
        std::lock_guard const lock(mutex_);
        if (!transport_)
            throw SessionClosed("the web socket is not open");
        return transport_;
    }

    // Takes the transport out, if it is still that one; null stands for any.
    std::shared_ptr<Transport> take(std::shared_ptr<Transport> const& expected)
    {
        std::lock_guard const lock(mutex_);
        if (expected && transport_ != expected)
            return nullptr;
        return std::exchange(transport_, nullptr);
    }

    bool abandon(std::shared_ptr<Transport> const& transport)
    {
        auto taken = take(transport);
        if (!taken)
            return false;
        asio::post(executor_, [taken] { taken->abort(); });
        return true;
    }

    Endpoint const endpoint_;
    detail::TextCodec const codec_;
    bool const auto_decode_;
    IsEol const is_eol_;
    std::optional<std::chrono::nanoseconds> limit_;
    std::shared_ptr<detail::IoThread> io_;
    asio::any_io_executor const executor_;
    std::mutex start_mutex_;
    std::mutex send_mutex_;
    mutable std::mutex mutex_;
    std::shared_ptr<Transport> transport_;
    FrameDecoder decoder_; // of the thread that receives
    std::atomic<std::uint64_t> heart_beats_{0};
};

WSTransport::WSTransport(std::string_view url, bool auto_decode, std::string encoding, IsEol is_eol_fc,
                         WSTransportOptions options)
    : impl_(std::make_shared<Impl>(road_to(url, options), options, auto_decode, std::move(encoding),
                                   std::move(is_eol_fc)))
{
}

WSTransport::~WSTransport()
{
    try {
        stop();
    } catch (std::exception const&) {
        // Nothing is left to be closed.
    }
}

void WSTransport::start()
{
    impl_->start();
}

void WSTransport::stop(std::chrono::nanoseconds timeout)
{
    impl_->stop(timeout);
}

void WSTransport::send(Frame frame)
{
    impl_->send(std::move(frame));
}

std::string WSTransport::receive()
{
    return impl_->receive();
}

Frame WSTransport::receive_frame()
{
    return impl_->receive_frame();
}

bool WSTransport::is_connected() const
{
    return impl_->is_connected();
}

bool WSTransport::is_eol(std::string_view data) const
{
    return impl_->is_eol(data);
}

std::uint64_t WSTransport::heart_beats() const
{
    return impl_->heart_beats();
}

} // namespace arbalest::classic
