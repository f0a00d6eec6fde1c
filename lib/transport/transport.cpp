#include <arbalest/transport/connect_attempt.hpp>
#include <arbalest/transport/transport.hpp>

namespace arbalest {

Transport::~Transport() = default;

std::string_view to_string(ConnectPhase phase) noexcept
{
    switch (phase) {
    case ConnectPhase::url:
        return "url";
    case ConnectPhase::prepare:
        return "prepare";
    case ConnectPhase::resolve:
        return "resolve";
    case ConnectPhase::tcp:
        return "tcp";
    case ConnectPhase::tls:
        return "tls";
    case ConnectPhase::http:
        return "http";
    case ConnectPhase::stomp:
        break;
    }
    return "stomp";
}

} // namespace arbalest
