#include "tcp_socket_options.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace arbalest::detail {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

void set_tcp_option(tcp::socket& socket, int name, std::chrono::milliseconds::rep given)
{
    int const value =
        static_cast<int>(std::min<std::chrono::milliseconds::rep>(given, std::numeric_limits<int>::max()));
    if (setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof value) != 0)
        throw boost::system::system_error(errno, boost::system::system_category());
}

void set_keep_alive(tcp::socket& socket, TcpOptions const& options)
{
    socket.set_option(asio::socket_base::keep_alive(true));
    if (options.keep_alive_idle.count() > 0)
        set_tcp_option(socket, TCP_KEEPIDLE, options.keep_alive_idle.count());
    if (options.keep_alive_interval.count() > 0)
        set_tcp_option(socket, TCP_KEEPINTVL, options.keep_alive_interval.count());
    if (options.keep_alive_probes > 0)
        set_tcp_option(socket, TCP_KEEPCNT, options.keep_alive_probes);
}

} // namespace

void open_socket(tcp::socket& socket, tcp::endpoint const& remote, TcpOptions const& options)
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
        set_keep_alive(socket, options);
    if (options.no_delay)
        socket.set_option(tcp::no_delay(true));
    if (options.user_timeout.count() > 0)
        set_tcp_option(socket, TCP_USER_TIMEOUT, options.user_timeout.count());
}

} // namespace arbalest::detail
