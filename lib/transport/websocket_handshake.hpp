#pragma once

#include "../protocol/peer_text.hpp"
#include "connected_stream_teardown.hpp"
#include "framewise_stream.hpp"
#include "http.hpp"
#include "websocket_connect.hpp"
#include <arbalest/transport/error.hpp>
#include <arbalest/transport/impl/websocket_transport.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/option.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

// The WebSocket handshake, the same on every layer. Beast is slow to compile: one file for each layer includes this.
namespace arbalest::detail {

/// Throws std::invalid_argument when the options hold what cannot be sent.
inline void check_request(WebSocketRequest const& request)
{
    for (auto const& [name, value] : request.options.headers) {
        if (!is_field_name(name))
            throw std::invalid_argument("'" + peer_text(name) + "' is no name of an HTTP header field");
        if (!is_field_value(value)) // it may be secret
            throw std::invalid_argument("the header field '" + name + "' holds a control character");
    }
    if (!is_field_value(request.options.user_agent))
        throw std::invalid_argument("the User-Agent holds a control character");
    for (auto const& name : request.options.subprotocols) {
        if (!is_field_name(name))
            throw std::invalid_argument("'" + peer_text(name) + "' is no name of a subprotocol");
    }
}

inline void fill_in(boost::beast::websocket::request_type& http, WebSocketRequest const& request)
{
    using boost::beast::http::field;
    auto const& options = request.options;
    http.erase(field::user_agent);
    if (!options.user_agent.empty())
        http.set(field::user_agent, options.user_agent);
    if (!request.authorization.empty())
        http.set(field::authorization, request.authorization);
    std::string offered;
    for (auto const& name : options.subprotocols)
        offered += (offered.empty() ? "" : ", ") + name;
    if (!offered.empty())
        http.set(field::sec_websocket_protocol, offered);
    // A field that comes twice is sent twice.
    std::set<std::string, boost::beast::iless> seen;
    for (auto const& [name, value] : options.headers) {
        if (seen.insert(name).second)
            http.set(name, value);
        else
            http.insert(name, value);
    }
}

inline bool is_offered(std::string const& subprotocol, WebSocketOptions const& options)
{
    return std::ranges::find(options.subprotocols, subprotocol) != options.subprotocols.end();
}

/// Says why a handshake failed. @param answer as far as it was read.
inline void describe_failure(ConnectAttempt& attempt, HttpHead const& answer, WebSocketRequest const& request)
{
    constexpr unsigned switching_protocols = 101;
    if (answer.status() != 0 && answer.status() != switching_protocols) {
        // Whatever became of the connection then.
        if (attempt.code != boost::asio::error::operation_aborted)
            attempt.code = transport_errc::http_refused;
        attempt.http_status = answer.status();
        attempt.message =
            "the server answered " + describe_status(answer.status(), answer.reason()) + " to the WebSocket handshake";
        attempt.hint = hint_for_status(attempt.http_status, answer.field("Location"), request.through_proxy);
        return;
    }
    if (is_truncation(attempt.code))
        attempt.code = boost::asio::error::eof;
    if (attempt.code == transport_errc::not_http) {
        attempt.message = "the peer does not speak HTTP: it sent '" + peer_text(answer.text(), 60) + '\'';
        attempt.hint = "for STOMP without WebSocket the scheme is stomp or stomp+tls";
        return;
    }
    attempt.message = attempt.code == boost::asio::error::operation_aborted
                          ? "nothing answered the WebSocket handshake"
                          : "the WebSocket handshake failed: " + attempt.code.message();
}

/// What is wrong with the answer of a server that has switched protocols; no code when nothing is.
inline void check_answer(ConnectAttempt& attempt, boost::beast::websocket::response_type const& response,
                         WebSocketOptions const& options)
{
    using boost::beast::http::field;
    std::string const subprotocol(response[field::sec_websocket_protocol]);
    if (!subprotocol.empty() && options.check_subprotocol && !is_offered(subprotocol, options)) {
        attempt.code = transport_errc::subprotocol_not_offered;
        attempt.message = "the server chose the subprotocol '" + peer_text(subprotocol) + "', which was not offered";
    }
    std::string extensions;
    auto const range = response.equal_range(field::sec_websocket_extensions);
    for (auto it = range.first; it != range.second; ++it)
        extensions += (extensions.empty() ? "" : ", ") + std::string(it->value());
    if (!are_extensions_offered(extensions, options.permessage_deflate)) {
        attempt.code = transport_errc::extension_not_offered;
        attempt.message =
            "the server chose the extensions '" + peer_text(extensions) + "', " +
            (options.permessage_deflate ? "but permessage-deflate was offered, with windows of 9 to 15 bits"
                                        : "but none was offered");
    }
    if (attempt.code)
        attempt.http_status = response.result_int();
}

/// @param next a layer that is connected. @param endpoint its peer, for messages.
template <class Next>
boost::asio::awaitable<std::unique_ptr<Transport>>
perform_websocket_handshake(Next next, std::string endpoint, WebSocketRequest request, OnFailedAttempt failed)
{
    namespace websocket = boost::beast::websocket;
    ConnectAttempt attempt;
    attempt.phase = ConnectPhase::http;
    attempt.endpoint = std::move(endpoint);
    try {
        check_request(request);
    } catch (std::invalid_argument const& error) {
        attempt.code = transport_errc::unusable_setting;
        attempt.message = error.what();
    }
    if (attempt.code)
        fail_attempt(failed, std::move(attempt));

    using Stream = websocket::stream<FramewiseStream<Next>>;
    Stream stream(std::move(next));
    websocket::permessage_deflate compression;
    compression.client_enable = request.options.permessage_deflate;
    stream.set_option(compression);
    stream.set_option(
        websocket::stream_base::decorator([&request](websocket::request_type& http) { fill_in(http, request); }));
    websocket::response_type response;
    co_await stream.async_handshake(response, request.authority, request.target,
                                    boost::asio::redirect_error(boost::asio::use_awaitable, attempt.code));
    if (attempt.code) {
        describe_failure(attempt, stream.next_layer().answer(), request);
        fail_attempt(failed, std::move(attempt));
    }
    check_answer(attempt, response, request.options);
    if (attempt.code)
        fail_attempt(failed, std::move(attempt));
    std::string const subprotocol(response[boost::beast::http::field::sec_websocket_protocol]);
    // It refers to the request, and is not needed any more.
    stream.set_option(websocket::stream_base::decorator([](websocket::request_type&) {}));
    co_return std::make_unique<WebSocketTransport<Stream>>(std::move(stream), request.options, subprotocol);
}

} // namespace arbalest::detail
