#pragma once

#include "byte_stream.hpp"
#include "websocket_handshake.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace arbalest::broker {

/// A WebSocket. @param socket its executor is a strand.
std::unique_ptr<ByteStream> make_websocket_stream(boost::asio::ip::tcp::socket socket,
                                                  std::shared_ptr<WebSocketSettings const> settings);

/// A WebSocket in TLS. @param socket its executor is a strand.
std::unique_ptr<ByteStream> make_secure_websocket_stream(boost::asio::ip::tcp::socket socket,
                                                         std::shared_ptr<boost::asio::ssl::context> context,
                                                         std::shared_ptr<WebSocketSettings const> settings);

} // namespace arbalest::broker
