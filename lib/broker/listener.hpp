#pragma once

#include "byte_stream.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <functional>
#include <memory>

namespace arbalest::broker {

/// Accepts TCP connections and makes streams of them. Its members are called one at a time.
class Listener : public std::enable_shared_from_this<Listener>
{
public:
    /// What to make of an accepted socket: plain TCP, TLS, a WebSocket.
    using MakeStream = std::function<std::unique_ptr<ByteStream>(boost::asio::ip::tcp::socket)>;
    /// Told of every connection and of every failure to accept one, each of which asks for another accept().
    using OnAccept = std::function<void(boost::system::error_code, std::unique_ptr<ByteStream>)>;

    /// Binds and listens. @param stranded whether the executor of each socket is a strand of its own.
    /// @throws boost::system::system_error
    Listener(boost::asio::any_io_executor const& executor, boost::asio::ip::tcp::endpoint const& endpoint,
             bool stranded, MakeStream make_stream, OnAccept on_accept);

    /// Waits for the next connection.
    void accept();
    /// As accept(), a moment later: when the system has run out of sockets, trying again at once would only spin.
    void accept_later();
    void close() noexcept;

    boost::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

private:
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer timer_;
    bool stranded_;
    MakeStream make_stream_;
    OnAccept on_accept_;
};

} // namespace arbalest::broker
