#include "tcp_connect.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <sstream>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using Addresses = tcp::resolver::results_type;

// A resolution runs in a thread of Asio's and cannot be cancelled. Whoever waits for it can: then its result is
// ignored.
struct Resolution
{
    explicit Resolution(asio::any_io_executor const& executor) : executor(executor), resolver(executor) {}

    void complete(error_code code, Addresses addresses)
    {
        if (!handler)
            return;
        asio::get_associated_cancellation_slot(*handler).clear();
        asio::any_completion_handler<void(error_code, Addresses)> last(std::move(*handler));
        handler.reset();
        asio::post(executor, asio::append(std::move(last), code, std::move(addresses)));
    }

    asio::any_io_executor executor;
    tcp::resolver resolver;
    std::optional<asio::any_completion_handler<void(error_code, Addresses)>> handler;
};

struct StartResolution
{
    template <class Handler>
    void operator()(Handler handler, std::shared_ptr<Resolution> resolution, std::string const* host,
                    std::string const* service) const
    {
        resolution->handler.emplace(std::move(handler));
        // Asked for only now: the erased handler puts a state of its own into the caller's slot.
        auto slot = asio::get_associated_cancellation_slot(*resolution->handler);
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr<Resolution>(resolution)](asio::cancellation_type type) {
                if (type == asio::cancellation_type::none)
                    return;
                if (auto const resolution = weak.lock())
                    resolution->complete(asio::error::operation_aborted, {});
            });
        }
        resolution->resolver.async_resolve(
            *host, *service, tcp::resolver::numeric_service,
            [resolution](error_code code, Addresses addresses) { resolution->complete(code, std::move(addresses)); });
    }
};

asio::awaitable<Addresses> resolve(asio::any_io_executor executor, std::string host, std::string service)
{
    // Not kept here: it holds this coroutine, and both would outlive an io_context that is destroyed meanwhile.
    auto resolution = std::make_shared<Resolution>(executor);
    co_return co_await asio::async_initiate<asio::use_awaitable_t<> const, void(error_code, Addresses)>(
        StartResolution(), asio::use_awaitable, std::move(resolution), &host, &service);
}

std::string to_text(tcp::endpoint const& endpoint)
{
    std::ostringstream out;
    out << endpoint;
    return out.str();
}

void prepare(tcp::socket& socket, tcp::endpoint const& remote, TcpOptions const& options)
{
    socket.open(remote.protocol());
    if (!options.local_address.empty() || options.local_port != 0) {
        tcp::endpoint local(remote.protocol(), options.local_port);
        if (!options.local_address.empty())
            local.address(asio::ip::make_address(options.local_address));
        socket.set_option(asio::socket_base::reuse_address(true));
        socket.bind(local);
    }
    if (options.keep_alive)
        socket.set_option(asio::socket_base::keep_alive(true));
    if (options.no_delay)
        socket.set_option(tcp::no_delay(true));
}

} // namespace

asio::awaitable<tcp::socket> connect_tcp(asio::any_io_executor executor, std::string host, std::uint16_t port,
                                         TcpOptions options, std::function<void(ConnectAttempt)> failed)
{
    auto const service = std::to_string(port);
    Addresses addresses;
    error_code last;
    try {
        addresses = co_await resolve(executor, host, service);
    } catch (boost::system::system_error const& error) {
        last = error.code();
    }
    if (last) {
        ConnectAttempt attempt;
        attempt.phase = ConnectPhase::resolve;
        attempt.code = last;
        attempt.message = "cannot resolve '" + host + "': " + last.message();
        failed(std::move(attempt));
        throw boost::system::system_error(last);
    }
    for (auto const& entry : addresses) {
        auto const endpoint = entry.endpoint();
        tcp::socket socket(executor);
        try {
            prepare(socket, endpoint, options);
            co_await socket.async_connect(endpoint, asio::use_awaitable);
            co_return socket;
        } catch (boost::system::system_error const& error) {
            last = error.code();
        }
        ConnectAttempt attempt;
        attempt.endpoint = to_text(endpoint);
        attempt.phase = ConnectPhase::tcp;
        attempt.code = last;
        attempt.message = last.message();
        failed(std::move(attempt));
        if (last == asio::error::operation_aborted)
            break;
    }
    throw boost::system::system_error(last);
}

} // namespace arbalest::detail
