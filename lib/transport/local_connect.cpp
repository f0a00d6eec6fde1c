#include "local_connect.hpp"

#include <arbalest/transport/stream_transport.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;
using Socket = asio::local::stream_protocol::socket;
using boost::system::error_code;

namespace {

constexpr auto retry_interval = std::chrono::milliseconds(20);

// With a full backlog the system says EAGAIN at once, which Asio takes for success: such a socket has no peer.
asio::awaitable<Socket> connect_when_there_is_room(asio::any_io_executor executor,
                                                   asio::local::stream_protocol::endpoint endpoint)
{
    asio::steady_timer timer(executor);
    for (;;) {
        Socket socket(executor);
        co_await socket.async_connect(endpoint, asio::use_awaitable);
        error_code no_peer;
        socket.remote_endpoint(no_peer);
        if (!no_peer)
            co_return socket;
        timer.expires_after(retry_interval);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

} // namespace

asio::awaitable<std::unique_ptr<Transport>> connect_local(asio::any_io_executor executor, std::string path,
                                                          OnFailedAttempt failed)
{
    ConnectAttempt attempt;
    attempt.phase = ConnectPhase::tcp;
    attempt.endpoint = path;
    try {
        asio::local::stream_protocol::endpoint const endpoint(path);
        auto socket = co_await connect_when_there_is_room(executor, endpoint);
        co_return std::make_unique<StreamTransport<Socket>>(std::move(socket));
    } catch (boost::system::system_error const& error) {
        attempt.code = error.code();
        attempt.message = error.code().message();
    }
    fail_attempt(failed, std::move(attempt));
}

} // namespace arbalest::detail
