#include "receipts.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace arbalest::detail {

namespace {

constexpr std::string_view prefix = "r-";

std::optional<Receipts::Number> generated_number(std::string_view id) noexcept
{
    if (!id.starts_with(prefix))
        return std::nullopt;
    id.remove_prefix(prefix.size());
    // A leading zero would make two texts of one number. Numbers of more digits have never been given out.
    constexpr std::size_t most_digits = std::numeric_limits<Receipts::Number>::digits10;
    if (id.empty() || id.size() > most_digits || id.front() == '0')
        return std::nullopt;
    Receipts::Number number = 0;
    for (char const digit : id) {
        if (digit < '0' || digit > '9')
            return std::nullopt;
        number = number * 10 + static_cast<Receipts::Number>(digit - '0');
    }
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

void Receipts::expect(Number number, Token token)
{
    awaited_.emplace(number, Awaited{token, std::nullopt});
}

void Receipts::expect(Number number, Token token, TimePoint deadline)
{
    expect(number, token);
    start(number, deadline);
}

std::optional<Receipts::Number> Receipts::expect(std::string_view id, Token token, TimePoint deadline)
{
    auto const number = expect(id, token);
    if (number)
        start(*number, deadline);
    return number;
}

std::optional<Receipts::Number> Receipts::expect(std::string_view id, Token token)
{
    auto const generated = generated_number(id);
    if (numbers_of_names_.contains(id) || (generated && awaited_.contains(*generated) && !names_.contains(*generated)))
        return std::nullopt;
    auto const number = next_number();
    numbers_of_names_.emplace(id, number);
    names_.emplace(number, id);
    expect(number, token);
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
    awaited_.erase(found);
    forget_name(*number);
    deadlines_.pop_if_next(*number);
    drop_stale_deadlines();
    return token;
}

bool Receipts::forget(Number number)
{
    if (awaited_.erase(number) == 0)
        return false;
    forget_name(number);
    deadlines_.pop_if_next(number);
    drop_stale_deadlines();
    return true;
}

void Receipts::forget_name(Number number)
{
    if (names_.empty())
        return;
    if (auto const name = names_.find(number); name != names_.end()) {
        numbers_of_names_.erase(name->second);
        names_.erase(name);
    }
}

void Receipts::set_deadline(Number number, TimePoint deadline)
{
    auto const found = awaited_.find(number);
    if (found == awaited_.end() || found->second.deadline == deadline)
        return;
    found->second.deadline = deadline;
    deadlines_.add({deadline, number});
    drop_stale_deadlines();
}

void Receipts::Deadlines::add(Due due)
{
    if (due.deadline == TimePoint::max())
        return;
    if (first_ == ascending_.size() || ascending_.back().deadline <= due.deadline) {
        // Instead of growing, the queue moves to the front where most of it has been taken.
        if (ascending_.size() == ascending_.capacity() && first_ > ascending_.size() / 2) {
            ascending_.erase(ascending_.begin(), ascending_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
        ascending_.push_back(due);
        return;
    }
    heap_.push_back(due);
    std::ranges::push_heap(heap_, LaterFirst());
}

void Receipts::Deadlines::drop_first() noexcept
{
    if (++first_ == ascending_.size()) {
        ascending_.clear();
        first_ = 0;
    }
}

void Receipts::Deadlines::pop_front()
{
    if (heap_is_next()) {
        std::ranges::pop_heap(heap_, LaterFirst());
        heap_.pop_back();
    } else {
        drop_first();
    }
}

template <class Predicate>
void Receipts::Deadlines::erase_if(Predicate predicate)
{
    ascending_.erase(ascending_.begin(), ascending_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
    std::erase_if(ascending_, predicate);
    std::erase_if(heap_, predicate);
    std::ranges::make_heap(heap_, LaterFirst());
}

bool Receipts::is_current(Due const& due) const
{
    auto const found = awaited_.find(due.number);
    return found != awaited_.end() && found->second.deadline.value_or(due.deadline) == due.deadline;
}

// Most receipts come long before their deadline. Sweeping only when stale entries outnumber the others keeps the cost
// per receipt constant and the memory proportional to what is outstanding.
void Receipts::drop_stale_deadlines()
{
    constexpr std::size_t tolerated = 256;
    if (deadlines_.size() > 2 * awaited_.size() + tolerated)
        deadlines_.erase_if([this](Due const& due) { return !is_current(due); });
}

TimePoint Receipts::earliest_deadline() const noexcept
{
    return deadlines_.empty() ? TimePoint::max() : deadlines_.front().deadline;
}

TimePoint Receipts::next_deadline()
{
    while (!deadlines_.empty() && !is_current(deadlines_.front()))
        deadlines_.pop_front();
    return earliest_deadline();
}

Receipts::Token Receipts::expire(TimePoint now)
{
    if (next_deadline() > now || deadlines_.empty())
        return nullptr;
    auto const number = deadlines_.front().number;
    auto const token = awaited_.find(number)->second.token;
    forget(number);
    return token;
}

} // namespace arbalest::detail
