#pragma once

#include "connected_stream.hpp"

#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <utility>

namespace arbalest::detail {

/// Ends a WebSocket's connection; Beast finds this by the type of its argument. A tunnel ends with its TCP connection.
template <class Handler>
void async_teardown(boost::beast::role_type role, ConnectedStream& stream, Handler&& handler)
{
    using boost::beast::websocket::async_teardown;
    async_teardown(role, stream.lowest_layer(), std::forward<Handler>(handler));
}

} // namespace arbalest::detail
