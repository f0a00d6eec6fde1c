#include "connect_texts.hpp"

#include "../protocol/peer_text.hpp"
#include "login_refusal.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace arbalest::detail {

namespace {

/// Attempts that failed for the same reason.
class SameFailures
{
public:
    explicit SameFailures(ConnectAttempt const& first) : first(first) { add(first); }

    bool has_room_for(ConnectAttempt const& other) const
    {
        return other.url == first.url && other.phase == first.phase && other.message == first.message &&
               other.hint == first.hint;
    }
    void add(ConnectAttempt const& attempt)
    {
        ++count;
        // An URL often names the endpoint already.
        if (!attempt.endpoint.empty() && attempt.url.find(attempt.endpoint) == std::string::npos)
            endpoints.insert(attempt.endpoint);
    }
    std::string text() const
    {
        std::string result;
        for (auto const& endpoint : endpoints)
            result += (result.empty() ? "" : ", ") + endpoint;
        result += result.empty() ? "" : ": ";
        result += first.message.empty() ? std::string(to_string(first.phase)) + " failed" : first.message;
        if (!first.hint.empty())
            result += "; " + first.hint;
        if (count > std::max<std::size_t>(endpoints.size(), 1))
            result += " (" + std::to_string(count) + " times)";
        return result;
    }

    ConnectAttempt const& first;

private:
    std::size_t count = 0;
    std::set<std::string> endpoints;
};

} // namespace

std::string describe_attempts(std::vector<ConnectAttempt> const& attempts, unsigned rounds)
{
    auto const tries = rounds > 1 ? " after " + std::to_string(rounds) + " attempts" : std::string();
    if (attempts.empty())
        return "cannot connect" + tries + ": no URL was given";
    std::vector<SameFailures> groups;
    std::set<std::string_view> urls;
    for (auto const& attempt : attempts) {
        urls.insert(attempt.url);
        auto const same =
            std::ranges::find_if(groups, [&](SameFailures const& group) { return group.has_room_for(attempt); });
        if (same == groups.end())
            groups.emplace_back(attempt);
        else
            same->add(attempt);
    }
    bool const one_url = urls.size() == 1;
    std::string text = "cannot connect";
    if (!one_url)
        text += " to any of " + std::to_string(urls.size()) + " URLs";
    else if (!attempts.front().url.empty())
        text += " to " + attempts.front().url;
    text += tries + ": ";
    bool is_first = true;
    for (auto const& group : groups) {
        text += std::exchange(is_first, false) ? "" : " | ";
        text += (one_url ? "" : group.first.url + ": ") + group.text();
    }
    return text;
}

std::string describe_timeout(ConnectPhase phase, std::string_view pending, std::string_view first_bytes,
                             std::chrono::milliseconds limit)
{
    auto const within = " within " + std::to_string(limit.count()) + " ms";
    if (!pending.empty())
        return std::string(pending) + within;
    switch (phase) {
    case ConnectPhase::prepare:
        return "StompConfig::before_connect did not end" + within;
    case ConnectPhase::url:
    case ConnectPhase::resolve:
        return "the host's name was not resolved" + within;
    case ConnectPhase::tcp:
        return "nothing answered at TCP" + within;
    case ConnectPhase::tls:
        return "TCP is open, the TLS handshake did not end" + within;
    case ConnectPhase::http:
        return "TCP is open, nothing answered the HTTP request" + within;
    case ConnectPhase::stomp:
        break;
    }
    if (first_bytes.empty())
        return "the connection is open, nothing answered CONNECT" + within;
    return "the connection is open, CONNECT was answered with no whole frame" + within + ", but with '" +
           peer_text(first_bytes) + '\'';
}

std::string hint_for_error(Frame const& error, bool has_login, bool has_passcode)
{
    auto const of_host = [](std::string_view text) {
        return text.substr(0, longest_peer_text).find("irtual host") != text.npos;
    };
    if (of_host(error.header("message").value_or("")) || of_host(error.body()))
        return "the virtual host is the path of a stomp URL, or StompConfig::host; without one it is '/'";
    if (!is_login_refusal(error))
        return {};
    if (!has_login)
        return "no login was given: it is user:password@ in the URL, or StompConfig::login and StompConfig::passcode";
    if (!has_passcode)
        return "a login was given, but no passcode: it is user:password@ in the URL, or StompConfig::passcode";
    return "the login or the passcode is wrong";
}

} // namespace arbalest::detail
