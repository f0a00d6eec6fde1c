#include "validate_config.hpp"

#include "../protocol/client_frames.hpp"
#include "../protocol/peer_text.hpp"
#include "../transport/http.hpp"
#include "../transport/proxy.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/session/error.hpp>

#include <boost/asio/ip/address.hpp>

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <type_traits>

// Fields that are not mentioned here may have every value of their type.
namespace arbalest::detail {

namespace {

// Where a value may hold credentials.
constexpr std::string_view hidden = "(hidden)";

std::string in_quotes(std::string_view text)
{
    return "'" + peer_text(text) + "'";
}

void require_some(std::string const& field, std::size_t value)
{
    if (value == 0)
        throw InvalidConfig(field, "0", "it must be at least 1");
}

void require_duration(std::string const& field, std::chrono::seconds value, std::string_view zero)
{
    if (value.count() < 0) {
        throw InvalidConfig(field, std::to_string(value.count()) + " s",
                            "it must not be negative; zero means " + std::string(zero));
    }
}

void require_duration(std::string const& field, std::chrono::milliseconds value, std::string_view zero = "no limit")
{
    if (value.count() < 0) {
        throw InvalidConfig(field, std::to_string(value.count()) + " ms",
                            "it must not be negative; zero means " + std::string(zero));
    }
}

// Neither bound accepts what is not a number.
void require_number(std::string const& field, double value, bool is_allowed, std::string const& range)
{
    if (std::isfinite(value) && is_allowed)
        return;
    std::ostringstream text;
    text << value;
    throw InvalidConfig(field, text.str(), "it must be " + range);
}

template <class Enum>
void require_enumerator(std::string const& field, Enum value, Enum last)
{
    auto const number = static_cast<std::underlying_type_t<Enum>>(value);
    if (number > static_cast<std::underlying_type_t<Enum>>(last))
        throw InvalidConfig(field, std::to_string(number), "it is none of the values that the type names");
}

void validate_connect(StompConfig const& config)
{
    if (config.accept_versions.empty())
        throw InvalidConfig("accept_versions", "empty", "at least one version must be offered");
    for (auto const version : config.accept_versions)
        require_enumerator("accept_versions", version, StompVersion::v1_2);
    for (auto const& [name, value] : config.connect_headers) {
        if (name == "heart-beat" && !parse_heart_beat(value)) {
            throw InvalidConfig("connect_headers: heart-beat", in_quotes(value),
                                "it must be two numbers of milliseconds with a comma between them");
        }
    }
    ConnectRequest request;
    request.host = config.host.value_or("/");
    request.login = config.login;
    request.passcode = config.passcode;
    request.client_id = config.client_id;
    request.accept_versions = config.accept_versions;
    request.headers = &config.connect_headers;
    check_encodable(connect_frame(request), StompVersion::v1_2);
}

void validate_times(StompConfig const& config)
{
    require_duration("receipt_timeout", config.receipt_timeout);
    require_duration("connect_timeout", config.connect_timeout);
    require_duration("disconnect_timeout", config.disconnect_timeout);
    require_duration("heart_beat.send", config.heart_beat.send, "no heart-beats");
    require_duration("heart_beat.receive", config.heart_beat.receive, "no heart-beats");
    auto const send_scale = config.heart_beat_tolerance.send_scale;
    require_number("heart_beat_tolerance.send_scale", send_scale, send_scale > 0 && send_scale <= 1,
                   "greater than 0 and at most 1, or heart-beats are late");
    auto const receive_scale = config.heart_beat_tolerance.receive_scale;
    require_number("heart_beat_tolerance.receive_scale", receive_scale, receive_scale >= 1,
                   "at least 1, or the broker counts as gone before its heart-beat is due");
}

void validate_limits(Limits const& limits)
{
    require_some("limits.frame", limits.frame);
    require_some("limits.header_line", limits.header_line);
    require_some("limits.headers", limits.headers);
    require_some("limits.body", limits.body);
}

void validate_reconnect(ReconnectPolicy const& policy)
{
    require_duration("reconnect.initial", policy.initial, "no wait");
    require_duration("reconnect.max", policy.max);
    require_duration("reconnect.stable_after", policy.stable_after, "at once");
    require_number("reconnect.multiplier", policy.multiplier, policy.multiplier >= 1, "at least 1");
    require_number("reconnect.jitter", policy.jitter, policy.jitter >= 0 && policy.jitter <= 1, "from 0 to 1");
    require_some("reconnect.outbox.messages", policy.outbox.messages);
    require_some("reconnect.outbox.bytes", policy.outbox.bytes);
}

void validate_websocket(WebSocketOptions const& options)
{
    for (auto const& [name, value] : options.headers) {
        if (!is_field_name(name))
            throw InvalidConfig("websocket.headers", in_quotes(name), "that is no name of an HTTP header field");
        if (!is_field_value(value)) {
            throw InvalidConfig("websocket.headers: " + name, std::string(hidden),
                                "the value of an HTTP header field holds no control characters");
        }
    }
    if (!is_field_value(options.user_agent)) {
        throw InvalidConfig("websocket.user_agent", in_quotes(options.user_agent),
                            "the value of an HTTP header field holds no control characters");
    }
    for (auto const& name : options.subprotocols) {
        if (!is_field_name(name))
            throw InvalidConfig("websocket.subprotocols", in_quotes(name), "that is no name of a subprotocol");
    }
    require_enumerator("websocket.payload", options.payload, WebSocketPayload::binary);
    require_duration("websocket.ping_interval", options.ping_interval, "no pings");
}

void validate_tls(std::string const& name, TlsOptions const& tls)
{
    if (!tls.context && tls.certificate_file.empty() && !tls.private_key_file.empty()) {
        throw InvalidConfig(name + ".certificate_file", "empty",
                            "the private key in '" + tls.private_key_file + "' is of no use without a certificate");
    }
}

void validate_transport(StompConfig const& config)
{
    if (!config.tcp.local_address.empty()) {
        boost::system::error_code code;
        boost::asio::ip::make_address(config.tcp.local_address, code);
        if (code)
            throw InvalidConfig("tcp.local_address", in_quotes(config.tcp.local_address), "that is no IP address");
    }
    require_duration("tcp.user_timeout", config.tcp.user_timeout, "as the system has it");
    require_duration("tcp.connection_attempt_delay", config.tcp.connection_attempt_delay, "all at once");
    require_duration("tcp.keep_alive_idle", config.tcp.keep_alive_idle, "as the system has it");
    require_duration("tcp.keep_alive_interval", config.tcp.keep_alive_interval, "as the system has it");
    if (config.tcp.keep_alive_probes < 0) {
        throw InvalidConfig("tcp.keep_alive_probes", std::to_string(config.tcp.keep_alive_probes),
                            "it must not be negative; zero means as the system has it");
    }
    validate_tls("tls", config.tls);
    validate_tls("proxy_tls", config.proxy_tls);
    validate_websocket(config.websocket);
    if (!config.proxy.empty()) {
        try {
            parse_proxy(config.proxy);
        } catch (std::invalid_argument const& error) {
            throw InvalidConfig("proxy", std::string(hidden), error.what());
        }
    }
}

} // namespace

void validate(SubscriptionBuffer const& buffer, std::string const& name)
{
    require_some(name + ".messages", buffer.messages);
    require_some(name + ".bytes", buffer.bytes);
    require_some(name + ".hard_limit", buffer.hard_limit);
    require_enumerator(name + ".policy", buffer.policy, OverflowPolicy::drop_newest);
    if (buffer.bytes > buffer.hard_limit) {
        throw InvalidConfig(name + ".bytes", std::to_string(buffer.bytes),
                            "it must not be above the hard limit, which is " + std::to_string(buffer.hard_limit));
    }
}

void validate(StompConfig const& config)
{
    validate_connect(config);
    validate_times(config);
    validate_limits(config.limits);
    validate(config.subscription_buffer, "subscription_buffer");
    validate_transport(config);
    if (config.reconnect)
        validate_reconnect(*config.reconnect);
}

} // namespace arbalest::detail
