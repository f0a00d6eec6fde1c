#include "../protocol/peer_text.hpp"
#include <arbalest/transport/error.hpp>

#include <string>

namespace arbalest {

namespace {

class TransportCategory final : public boost::system::error_category
{
public:
    char const* name() const noexcept override { return "arbalest.transport"; }
    std::string message(int code) const override
    {
        switch (static_cast<transport_errc>(code)) {
        case transport_errc::http_refused:
            return "the server refused the WebSocket handshake";
        case transport_errc::proxy_refused:
            return "the proxy refused the tunnel";
        case transport_errc::not_http:
            return "the peer does not speak HTTP";
        case transport_errc::subprotocol_not_offered:
            return "the server chose a WebSocket subprotocol that was not offered";
        case transport_errc::unusable_setting:
            return "a setting cannot be used";
        case transport_errc::not_utf8:
            return "bytes that are not UTF-8 cannot be sent over SockJS";
        case transport_errc::bad_sockjs_frame:
            return "the peer sent what is no SockJS frame";
        case transport_errc::not_socks:
            return "the proxy does not speak SOCKS5";
        case transport_errc::bad_sockjs_order:
            return "the peer broke the order of SockJS: an 'o' frame comes first, and once";
        case transport_errc::extension_not_offered:
            return "the server chose a WebSocket extension that was not offered";
        case transport_errc::websocket_protocol_broken:
            return "the peer broke the WebSocket protocol";
        }
        return "unknown error";
    }
};

class WebSocketCloseCategory final : public boost::system::error_category
{
public:
    char const* name() const noexcept override { return "arbalest.websocket"; }
    std::string message(int code) const override
    {
        auto text = "the peer closed with code " + std::to_string(code);
        if (auto const* const meaning = meaning_of(code))
            text += std::string(" (") + meaning + ")";
        return text;
    }

private:
    // RFC 6455, 7.4.1, and the registry that it founded.
    static char const* meaning_of(int code) noexcept
    {
        switch (code) {
        case 1001:
            return "going away";
        case 1002:
            return "protocol error";
        case 1003:
            return "unsupported data";
        case 1007:
            return "invalid payload";
        case 1008:
            return "policy violation";
        case 1009:
            return "message too big";
        case 1010:
            return "extension missing";
        case 1011:
            return "internal error";
        case 1012:
            return "service restart";
        case 1013:
            return "try again later";
        case 1014:
            return "bad gateway";
        default:
            return nullptr;
        }
    }
};

} // namespace

boost::system::error_category const& transport_category() noexcept
{
    static TransportCategory const category;
    return category;
}

boost::system::error_code make_error_code(transport_errc code) noexcept
{
    return boost::system::error_code(static_cast<int>(code), transport_category());
}

boost::system::error_category const& websocket_close_category() noexcept
{
    static WebSocketCloseCategory const category;
    return category;
}

PeerClosed::PeerClosed(boost::system::error_code code, std::string_view reason)
    : boost::system::system_error(code, reason.empty() ? "the connection ended" : detail::peer_text(reason)),
      reason_(std::make_shared<std::string const>(reason))
{
}

} // namespace arbalest
