#pragma once

#include "connected_stream.hpp"

#include <boost/asio/compose.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <boost/system/error_code.hpp>

#include <utility>

namespace arbalest::detail {

/// Ends TLS, if there is any, then TCP.
class TeardownOperation
{
public:
    TeardownOperation(boost::beast::role_type role, ConnectedStream& stream) noexcept : stream_(stream), role_(role) {}

    template <class Self>
    void operator()(Self& self, boost::system::error_code code = {})
    {
        using boost::beast::websocket::async_teardown;
        switch (std::exchange(next_, next_ == Step::tls ? Step::tcp : Step::done)) {
        case Step::tls:
            if (auto* const tls = stream_.tls()) {
                tls->shut_down(TlsLayer::ShutdownHandler(std::move(self)));
                break;
            }
            next_ = Step::done;
            [[fallthrough]];
        case Step::tcp:
            async_teardown(role_, stream_.lowest_layer(), std::move(self));
            break;
        case Step::done:
            self.complete(code);
            break;
        }
    }

private:
    enum class Step { tls, tcp, done };

    ConnectedStream& stream_;
    boost::beast::role_type role_;
    Step next_ = Step::tls;
};

/// Beast finds this by the type of its argument.
template <class Handler>
void async_teardown(boost::beast::role_type role, ConnectedStream& stream, Handler&& handler)
{
    stream.teardown_begins();
    boost::asio::async_compose<Handler, void(boost::system::error_code)>(TeardownOperation(role, stream), handler,
                                                                         stream);
}

} // namespace arbalest::detail
