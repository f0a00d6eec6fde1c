#include "receipts.hpp"

#include <algorithm>
#include <charconv>

namespace arbalest::detail {

namespace {

constexpr std::string_view prefix = "r-";

std::optional<Receipts::Number> generated_number(std::string_view id) noexcept
{
    if (!id.starts_with(prefix))
        return std::nullopt;
    id.remove_prefix(prefix.size());
    Receipts::Number number = 0;
    auto const* const last = id.data() + id.size();
    auto const [end, error] = std::from_chars(id.data(), last, number);
    // A leading zero would make two texts of one number.
    if (error != std::errc() || end != last || id.front() == '0')
        return std::nullopt;
    return number;
}

} // namespace

Receipts::GeneratedId::GeneratedId(Number number) noexcept
{
    auto* const digits = std::copy(prefix.begin(), prefix.end(), text_.data());
    size_ = static_cast<std::size_t>(std::to_chars(digits, text_.data() + text_.size(), number).ptr - text_.data());
}

Receipts::Number Receipts::next_number()
{
    do
        ++last_number_;
    while (!numbers_of_names_.empty() && numbers_of_names_.contains(GeneratedId(last_number_).view()));
    return last_number_;
}

void Receipts::expect(Number number, Token token, TimePoint deadline)
{
    awaited_.emplace(number, Awaited{token, deadline});
    add_deadline(number, deadline);
}

std::optional<Receipts::Number> Receipts::expect(std::string_view id, Token token, TimePoint deadline)
{
    auto const generated = generated_number(id);
    if (numbers_of_names_.contains(id) || (generated && awaited_.contains(*generated) && !names_.contains(*generated)))
        return std::nullopt;
    auto const number = next_number();
    numbers_of_names_.emplace(id, number);
    names_.emplace(number, id);
    expect(number, token, deadline);
    return number;
}

Receipts::Token Receipts::take(std::string_view id)
{
    std::optional<Number> number;
    if (!numbers_of_names_.empty()) {
        if (auto const named = numbers_of_names_.find(id); named != numbers_of_names_.end())
            number = named->second;
    }
    if (!number) {
        number = generated_number(id);
        if (!number || (!names_.empty() && names_.contains(*number)))
            return nullptr;
    }
    auto const found = awaited_.find(*number);
    if (found == awaited_.end())
        return nullptr;
    auto const token = found->second.token;
    erase(*number);
    return token;
}

bool Receipts::forget(Number number)
{
    if (!awaited_.contains(number))
        return false;
    erase(number);
    return true;
}

void Receipts::erase(Number number)
{
    awaited_.erase(number);
    if (!names_.empty()) {
        if (auto const name = names_.find(number); name != names_.end()) {
            numbers_of_names_.erase(name->second);
            names_.erase(name);
        }
    }
    drop_stale_deadlines();
}

void Receipts::set_deadline(Number number, TimePoint deadline)
{
    auto const found = awaited_.find(number);
    if (found == awaited_.end() || found->second.deadline == deadline)
        return;
    found->second.deadline = deadline;
    add_deadline(number, deadline);
    drop_stale_deadlines();
}

void Receipts::add_deadline(Number number, TimePoint deadline)
{
    if (deadline == TimePoint::max())
        return;
    deadlines_.push_back({deadline, number});
    std::ranges::push_heap(deadlines_, LaterFirst());
}

bool Receipts::is_current(Due const& due) const
{
    auto const found = awaited_.find(due.number);
    return found != awaited_.end() && found->second.deadline == due.deadline;
}

// Most receipts come long before their deadline. Sweeping only when stale entries outnumber the others keeps the cost
// per receipt constant and the memory proportional to what is outstanding.
void Receipts::drop_stale_deadlines()
{
    constexpr std::size_t tolerated = 256;
    if (deadlines_.size() <= 2 * awaited_.size() + tolerated)
        return;
    std::erase_if(deadlines_, [this](Due const& due) { return !is_current(due); });
    std::ranges::make_heap(deadlines_, LaterFirst());
}

TimePoint Receipts::next_deadline()
{
    while (!deadlines_.empty() && !is_current(deadlines_.front())) {
        std::ranges::pop_heap(deadlines_, LaterFirst());
        deadlines_.pop_back();
    }
    return deadlines_.empty() ? TimePoint::max() : deadlines_.front().deadline;
}

Receipts::Token Receipts::expire(TimePoint now)
{
    if (next_deadline() > now || deadlines_.empty())
        return nullptr;
    auto const number = deadlines_.front().number;
    auto const token = awaited_.find(number)->second.token;
    erase(number);
    return token;
}

} // namespace arbalest::detail
