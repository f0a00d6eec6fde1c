#include <arbalest/session/error.hpp>
#include <arbalest/session/reconnect_policy.hpp>
#include <arbalest/transport/error.hpp>

#include <algorithm>
#include <cmath>
#include <exception>

namespace arbalest {

namespace {

constexpr unsigned unauthorized = 401;
constexpr unsigned forbidden = 403;

bool is_rejected_login(ConnectAttempt const& attempt) noexcept
{
    return attempt.login_refused || attempt.http_status == unauthorized || attempt.http_status == forbidden;
}

bool is_permanent(ConnectAttempt const& attempt) noexcept
{
    return attempt.phase == ConnectPhase::url || attempt.code == transport_errc::unusable_setting ||
           attempt.certificate_refused;
}

} // namespace

std::chrono::milliseconds ReconnectPolicy::delay(unsigned attempt, double chance) const noexcept
{
    auto const no_limit = std::chrono::milliseconds::max();
    auto const longest = static_cast<double>((max.count() == 0 ? no_limit : max).count());
    auto const grown = static_cast<double>(initial.count()) * std::pow(multiplier, std::max(attempt, 1U) - 1.0);
    // Also where the power has left the range of numbers.
    auto const full = grown < longest ? grown : longest;
    auto const shortened = full * (1 - std::clamp(jitter, 0.0, 1.0) * std::clamp(chance, 0.0, 1.0));
    if (!(shortened > 0))
        return std::chrono::milliseconds::zero();
    if (shortened >= static_cast<double>(no_limit.count()))
        return no_limit;
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(shortened));
}

bool ReconnectPolicy::is_temporary(Failure const& failure)
{
    if (!failure)
        return true;
    try {
        failure.raise();
    } catch (ConnectError const& error) {
        auto const& attempts = error.attempts();
        return std::ranges::none_of(attempts, is_rejected_login) && !std::ranges::all_of(attempts, is_permanent);
    } catch (InvalidFrame const&) {
        return false;
    } catch (InvalidConfig const&) {
        return false;
    } catch (...) {
        return true;
    }
}

} // namespace arbalest
