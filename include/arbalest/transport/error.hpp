#pragma once

#include <arbalest/export.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace arbalest {

/// What goes wrong between TCP and STOMP. Reported as the code of a ConnectAttempt, or as the cause of a
/// ConnectionLost.
enum class transport_errc {
    http_refused = 1,        ///< The answer to the WebSocket handshake is not 101 (RFC 6455, 4.1).
    proxy_refused,           ///< The proxy refused: its answer is not 2xx (RFC 9110, 9.3.6), or a failure (RFC 1928).
    not_http,                ///< The answer is not HTTP.
    subprotocol_not_offered, ///< The server chose a WebSocket subprotocol that was not offered (RFC 6455, 4.1).
    unusable_setting,        ///< A setting that cannot be used, for instance a file that cannot be read.
    not_utf8,                ///< Bytes that are not UTF-8, for SockJS, which carries text only.
    bad_sockjs_frame,        ///< The peer sent what is no SockJS frame.
    not_socks,               ///< The proxy's answer is not SOCKS5 (RFC 1928).
    bad_sockjs_order,        ///< A SockJS session does not begin with an "o" frame, or has two of them.
    extension_not_offered,   ///< The server chose a WebSocket extension that was not offered (RFC 6455, 4.1).
    /// The peer broke the WebSocket protocol (RFC 6455), and did not read the message before the Close that says so.
    websocket_protocol_broken,
};

/// The category of transport_errc, named "arbalest.transport".
ARBALEST_DECL boost::system::error_category const& transport_category() noexcept;
ARBALEST_DECL boost::system::error_code make_error_code(transport_errc code) noexcept;

/// The category of the codes with which a WebSocket was closed by its peer (RFC 6455, 7.4) or SockJS by its server,
/// named "arbalest.websocket"; the value is the code as it came. The code 1000, and SockJS's 3000, are none of them:
/// they read as `asio::error::eof`.
ARBALEST_DECL boost::system::error_category const& websocket_close_category() noexcept;

/// What Transport::read_some() throws when the peer has closed and could say why. A transport of your own may throw it
/// as well.
class ARBALEST_DECL PeerClosed : public boost::system::system_error
{
public:
    /// @param code of websocket_close_category(), or `asio::error::eof`. @param reason in the peer's words.
    PeerClosed(boost::system::error_code code, std::string_view reason);
    /// The reason that the peer gave, as it came; empty when it gave none.
    std::string const& reason() const noexcept { return *reason_; }

private:
    std::shared_ptr<std::string const> reason_;
};

} // namespace arbalest

template <>
struct boost::system::is_error_code_enum<arbalest::transport_errc> : std::true_type
{
};
