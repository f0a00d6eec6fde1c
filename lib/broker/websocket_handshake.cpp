#include "websocket_handshake.hpp"

#include "sockjs.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

namespace arbalest {

namespace {

char lower(char byte) noexcept
{
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
}

bool same_name(std::string_view a, std::string_view b) noexcept
{
    return std::ranges::equal(a, b, {}, lower, lower);
}

} // namespace

std::optional<std::string_view> WebSocketHandshake::header(std::string_view name) const
{
    auto const place = std::ranges::find_if(headers, [=](auto const& header) { return same_name(header.first, name); });
    if (place == headers.end())
        return std::nullopt;
    return place->second;
}

namespace broker {

namespace {

// The first of the client's subprotocols that is known. The header may come several times.
std::string choose_subprotocol(std::vector<std::string> const& known, WebSocketHandshake const& handshake)
{
    for (auto const& [name, value] : handshake.headers) {
        if (!same_name(name, "Sec-WebSocket-Protocol"))
            continue;
        for (std::string_view rest = value; !rest.empty();) {
            auto const comma = std::min(rest.find(','), rest.size());
            auto offered = rest.substr(0, comma);
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            offered.remove_prefix(std::min(offered.find_first_not_of(" \t"), offered.size()));
            offered = offered.substr(0, offered.find_last_not_of(" \t") + 1);
            if (std::ranges::find(known, offered) != known.end())
                return std::string(offered);
        }
    }
    return {};
}

WebSocketAnswer refusal(unsigned status, std::string_view body)
{
    WebSocketAnswer answer(status);
    answer.body = body;
    return answer;
}

// What a SockJS client asks first.
WebSocketAnswer sockjs_info()
{
    auto const entropy = std::to_string(std::random_device()());
    return refusal(200, R"({"websocket":true,"origins":["*:*"],"cookie_needed":false,"entropy":)" + entropy + "}")
        .header("Content-Type", "application/json; charset=UTF-8")
        .header("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0")
        .header("Access-Control-Allow-Origin", "*");
}

WebSocketAnswer decide(WebSocketSettings const& settings, WebSocketHandshake& handshake, bool is_upgrade)
{
    auto const& config = settings.config;
    auto const path = handshake.target.substr(0, handshake.target.find('?'));
    bool served = path == config.path;
    if (!config.sockjs_path.empty()) {
        if (path == config.sockjs_path + "/info")
            return sockjs_info();
        handshake.sockjs = is_sockjs_session(config.sockjs_path, path);
        served = served || handshake.sockjs || path == config.sockjs_path + "/websocket";
    }
    if (!served)
        return refusal(404, "There is nothing here.\n");
    if (!is_upgrade || handshake.header("Sec-WebSocket-Version") != "13")
        return refusal(426, "This is a WebSocket endpoint.\n")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13");
    if (!handshake.header("Host") || !handshake.header("Sec-WebSocket-Key"))
        return refusal(400, "The request lacks a header.\n");
    handshake.subprotocol = choose_subprotocol(config.subprotocols, handshake);
    if (!config.on_handshake)
        return WebSocketAnswer();
    try {
        return config.on_handshake(handshake);
    } catch (...) {
        return refusal(500, "");
    }
}

} // namespace

WebSocketAnswer answer_handshake(WebSocketSettings const& settings, WebSocketHandshake& handshake, bool is_upgrade)
{
    handshake.secure = settings.secure;
    auto answer = decide(settings, handshake, is_upgrade);
    if (answer.status < 100 || answer.status > 999)
        answer = refusal(500, "");
    if (answer.status < 200 || answer.status == 204 || answer.status == 304) // they have no body
        answer.body.clear();
    handshake.status = answer.status;
    if (answer.status != 101)
        handshake.subprotocol.clear();
    settings.report(handshake);
    return answer;
}

} // namespace broker

} // namespace arbalest
