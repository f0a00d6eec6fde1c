#pragma once

#include <arbalest/broker/listen.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace arbalest::broker::test {

/// A client's end of a connection of some kind; it moves bytes. It outlives what is under way.
class ClientLink
{
public:
    using Opened = std::function<void(boost::system::error_code)>;
    using Done = std::function<void(boost::system::error_code, std::size_t)>;

    virtual ~ClientLink() = default;

    /// Shakes hands.
    virtual void open(Opened done) = 0;
    /// The orderly end of the kind is `eof`: FIN, close_notify, a close frame with status 1000.
    virtual void read_some(boost::asio::mutable_buffer into, Done done) = 0;
    /// One message, if there are any.
    virtual void write(std::string_view bytes, Done done) = 0;
    /// Closes the client's side of the TCP connection.
    virtual void shut_down() = 0;
    /// Closes the TCP connection.
    virtual void close() = 0;
    virtual void reset() = 0;
};

/// What a client of TLS and WebSockets is like.
class LinkOptions
{
public:
    LinkOptions() = default;

    /// The authority that the broker's certificate must be signed by. Default empty: the broker is not verified.
    std::string ca_file;
    /// The client's own certificate. Default empty: none.
    std::string certificate_file;
    std::string key_file;
    std::string target = "/stomp";
};

/// Connects by TCP at once.
std::unique_ptr<ClientLink> make_link(Listen kind, boost::asio::io_context& io, std::uint16_t port,
                                      LinkOptions const& options = LinkOptions());

} // namespace arbalest::broker::test
