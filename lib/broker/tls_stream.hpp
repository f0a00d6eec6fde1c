#pragma once

#include "byte_stream.hpp"
#include <arbalest/broker/listen.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace arbalest::broker {

/// What the configuration says, ready to use. @throws std::invalid_argument when it does not say enough;
/// boost::system::system_error when a file cannot be read or used.
std::shared_ptr<boost::asio::ssl::context> make_tls_context(BrokerTls const& config);

/// TLS. @param socket its executor is a strand.
std::unique_ptr<ByteStream> make_tls_stream(boost::asio::ip::tcp::socket socket,
                                            std::shared_ptr<boost::asio::ssl::context> context);

} // namespace arbalest::broker
