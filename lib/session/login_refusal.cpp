#include "login_refusal.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace arbalest::detail {

namespace {

// ActiveMQ's answer to a client id whose earlier connection it has not given up yet. It repeats the client id, which
// may contain any word.
constexpr std::string_view in_use = "already connected";

// In what RabbitMQ, ActiveMQ, Artemis, Apollo, HornetQ and the embedded broker answer to a wrong login.
constexpr std::array<std::string_view, 10> about_login{
    "access refused", "denied",   "password", "passcode",  "credential",
    "authenticat",    "authoriz", "unauthor", "user name", "validate user",
};

std::string lower_case(std::string_view text)
{
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

} // namespace

bool is_login_refusal(Frame const& error)
{
    // Of the body its first line only: a stack trace follows at ActiveMQ, which names classes for authentication.
    auto const body = error.body();
    auto text = lower_case(error.header("message").value_or(""));
    text += '\n';
    text += lower_case(body.substr(0, body.find('\n')));
    if (text.find(in_use) != text.npos)
        return false;
    return std::ranges::any_of(about_login, [&](auto words) { return text.find(words) != text.npos; });
}

} // namespace arbalest::detail
