#include "refusal.hpp"
#include "session.hpp"

#include <algorithm>

namespace arbalest::broker {

namespace {

Refusal wrong_credentials()
{
    return {"Bad CONNECT", "Access refused: unknown login or wrong passcode."};
}

} // namespace

// STOMP 1.2, "Connecting" and "Protocol Negotiation".
void Session::connect(Frame const& frame, TimePoint now)
{
    if (frame.command() != "CONNECT" && frame.command() != "STOMP")
        throw Refusal("Not connected", "The first frame must be CONNECT or STOMP.");
    auto const& config = core_.config();
    if (!frame.body().empty() && !config.ignore_unexpected_bodies)
        throw Refusal("Unexpected body", "A CONNECT frame must not have a body.");
    auto const accepted = frame.header("accept-version");
    auto const version = negotiate_version(accepted, config.versions);
    if (!version) {
        auto const supported = accept_version_value(config.versions);
        Frame error("ERROR");
        error.add_header("message", "Version mismatch").add_header("version", supported);
        error.add_header("content-type", "text/plain").set_body("Supported protocol versions are " + supported + ".");
        output_.send(error);
        return close();
    }
    check_login(frame);
    auto const host = frame.header("host");
    if (!config.virtual_hosts.empty() && host &&
        std::ranges::find(config.virtual_hosts, *host) == config.virtual_hosts.end())
        throw Refusal("Bad CONNECT", "Virtual host '" + std::string(host->substr(0, 100)) + "' access denied");
    HeartBeat theirs;
    if (*version != StompVersion::v1_0)
        theirs = asked_heart_beat(frame);

    version_ = *version;
    connected_ = true;
    core_.count_session(true);
    heart_beats_ = HeartBeatSchedule(negotiate(config.heart_beat, theirs), config.heart_beat_tolerance, now);

    bool const knows_versions = std::ranges::any_of(config.versions, [](auto v) { return v > StompVersion::v1_0; });
    Frame connected("CONNECTED");
    if (knows_versions)
        connected.add_header("version", to_string(version_));
    if (version_ != StompVersion::v1_0)
        connected.add_header("heart-beat", to_header_value(config.heart_beat));
    connected.add_header("session", "s-" + std::to_string(number_));
    if (!config.server.empty())
        connected.add_header("server", config.server);
    output_.send(connected);
}

void Session::check_login(Frame const& frame) const
{
    auto const& credentials = core_.config().credentials;
    if (credentials.empty())
        return;
    auto const account = credentials.find(std::string(frame.header("login").value_or("")));
    if (account == credentials.end() || account->second != frame.header("passcode").value_or(""))
        throw wrong_credentials();
}

HeartBeat Session::asked_heart_beat(Frame const& frame) const
{
    auto const value = frame.header("heart-beat");
    if (!value)
        return {};
    if (auto const parsed = parse_heart_beat(*value))
        return *parsed;
    throw Refusal("Bad CONNECT", "The heart-beat header must be two whole numbers with a comma between them.");
}

void Session::refuse_login(Frame const& connect)
{
    refuse(connect, wrong_credentials(), true);
}

void Session::disconnect(Frame&)
{
    lost();
}

} // namespace arbalest::broker
