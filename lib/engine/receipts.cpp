#include "receipts.hpp"

#include "../protocol/copy_text.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <limits>

namespace arbalest::detail {

namespace {

constexpr std::string_view prefix = "r-";

// From how many digits on there are eight bytes with the prefix.
constexpr std::size_t fewest_at_once = 8 - prefix.size();

// The number that the last `size` of eight bytes write, the first of which is the lowest; 0 where they write none.
constexpr std::uint64_t eight_digits_of(std::uint64_t text, std::size_t size) noexcept
{
    constexpr std::uint64_t zeros = 0x3030'3030'3030'3030;
    constexpr std::uint64_t upper_halves = 0xF0F0'F0F0'F0F0'F0F0;
    auto const used = ~std::uint64_t{0} << (8 * static_cast<unsigned>(8 - size));
    text = (text & used) | (zeros & ~used);
    if ((text & upper_halves) != zeros || ((text + 0x0606'0606'0606'0606) & upper_halves) != zeros)
        return 0;
    // Digits to pairs, to fours, to the number; in each step the upper of two neighbours counts less.
    text -= zeros;
    text = (text * 10 + (text >> 8)) & 0x00FF'00FF'00FF'00FF;
    text = (text * 100 + (text >> 16)) & 0x0000'FFFF'0000'FFFF;
    return (text * 10'000 + (text >> 32)) & 0xFFFF'FFFF;
}

// The number whose generated id that is; 0 where it is none. In a register: an optional number is stored in two pieces
// and loaded in one, which must wait for both.
Receipts::Number generated_number(std::string_view id) noexcept
{
    if (!id.starts_with(prefix))
        return 0;
    id.remove_prefix(prefix.size());
    // A leading zero would make two texts of one number. Numbers of more digits have never been given out.
    constexpr std::size_t most_digits = std::numeric_limits<Receipts::Number>::digits10;
    if (id.empty() || id.size() > most_digits || id.front() == '0')
        return 0;
    Receipts::Number number = 0;
    if (std::endian::native == std::endian::little && id.size() >= fewest_at_once && id.size() <= 8) {
        auto const last = copying::load<std::uint64_t>(id.data() + id.size() - 8); // some of it may be the prefix
        return eight_digits_of(last, id.size());
    }
    for (char const digit : id) {
        if (digit < '0' || digit > '9')
            return 0;
        number = number * 10 + static_cast<Receipts::Number>(digit - '0');
    }
    return number;
}

// Eight decimal digits of a number below 10^8, as bytes from 0 to 9, the first in the lowest byte.
constexpr std::uint64_t eight_digits(std::uint64_t number) noexcept
{
    // Halves, then quarters, then single digits, side by side in one word; dividing by multiplying.
    auto const halves = number / 10'000 | number % 10'000 << 32;
    auto const hundreds = halves * 10'486 >> 20 & 0x7F'0000'007F;
    auto const pairs = (halves - 100 * hundreds) << 16 | hundreds;
    auto const tens = pairs * 103 >> 10 & 0xF'000F'000F'000F;
    return (pairs - 10 * tens) << 8 | tens;
}

} // namespace

// In one store, where that suffices: what is written byte by byte cannot be read at once in one piece, and ids are.
Receipts::GeneratedId::GeneratedId(Number number) noexcept
{
    if constexpr (std::endian::native == std::endian::little) {
        if (number != 0 && number < 100'000'000) {
            auto const all = eight_digits(number);
            auto const zeros = static_cast<unsigned>(std::countr_zero(all)) / 8;
            auto const digits = (all | 0x3030'3030'3030'3030) >> (8 * zeros);
            copying::store(text_.data(), {digits << 16 | 0x2D72 /* "r-" */, digits >> 48});
            size_ = prefix.size() + 8 - zeros;
            return;
        }
    }
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
    awaited_.insert(number, {token});
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
    if (numbers_of_names_.contains(id) ||
        (generated != 0 && awaited_.contains(generated) && !names_.contains(generated)))
        return std::nullopt;
    auto const number = next_number();
    numbers_of_names_.emplace(id, number);
    names_.emplace(number, id);
    expect(number, token);
    return number;
}

// Most receipts come long before their deadline. Sweeping only when stale entries outnumber the others keeps the cost
// per receipt constant and the memory proportional to what is outstanding.
inline void Receipts::drop_stale_deadlines()
{
    constexpr std::size_t tolerated = 256;
    if (deadlines_.size() > 2 * awaited_.size() + tolerated)
        deadlines_.erase_if([this](Due const& due) { return !is_current(due); });
}

// Of what is no longer awaited.
inline void Receipts::let_go(Number number, bool may_come)
{
    if (!names_.empty())
        forget_name(number, may_come);
    deadlines_.pop_if_next(number);
    drop_stale_deadlines();
}

void Receipts::expect_again(std::string_view id, Number number, Token token, TimePoint deadline)
{
    was_not_sent(id);
    numbers_of_names_.emplace(id, number);
    names_.emplace(number, id);
    expect(number, token, deadline);
}

Receipts::Token Receipts::take(std::string_view id)
{
    // A broker's answers come in the order of the frames, at least those to frames with the same id.
    if (!abandoned_.empty()) {
        if (auto const found = abandoned_.find(id); found != abandoned_.end()) {
            abandoned_.erase(found);
            return nullptr;
        }
    }
    Number number = 0;
    if (!numbers_of_names_.empty()) {
        if (auto const named = numbers_of_names_.find(id); named != numbers_of_names_.end())
            number = named->second;
    }
    if (number == 0) {
        number = generated_number(id);
        if (number == 0 || (!names_.empty() && names_.contains(number)))
            return nullptr;
    }
    Awaited awaited;
    if (!awaited_.take(number, awaited))
        return nullptr;
    let_go(number, false);
    return awaited.token;
}

bool Receipts::forget(Number number)
{
    if (!awaited_.erase(number))
        return false;
    let_go(number, false);
    return true;
}

bool Receipts::abandon(Number number)
{
    if (!awaited_.erase(number))
        return false;
    let_go(number, true);
    return true;
}

void Receipts::forget_name(Number number, bool may_come)
{
    auto const name = names_.find(number);
    if (name == names_.end())
        return;
    auto entry = numbers_of_names_.extract(name->second);
    names_.erase(name);
    if (may_come)
        abandoned_.insert(std::move(entry));
}

void Receipts::was_not_sent(std::string_view id)
{
    if (auto const found = abandoned_.find(id); found != abandoned_.end())
        abandoned_.erase(found);
}

void Receipts::set_deadline(Number number, TimePoint deadline)
{
    auto* const found = awaited_.find(number);
    if (!found || found->deadline == deadline)
        return;
    found->deadline = deadline;
    deadlines_.add({deadline, number});
    drop_stale_deadlines();
}

void Receipts::Deadlines::add(Due due)
{
    if (due.deadline == TimePoint::max())
        return;
    if (ascending_.empty() || ascending_.back().deadline <= due.deadline) {
        ascending_.push_back(Due(due));
        return;
    }
    heap_.push_back(due);
    std::ranges::push_heap(heap_, LaterFirst());
}

void Receipts::Deadlines::pop_front()
{
    if (heap_is_next()) {
        std::ranges::pop_heap(heap_, LaterFirst());
        heap_.pop_back();
        give_back();
    } else {
        ascending_.pop_front();
    }
}

template <class Predicate>
void Receipts::Deadlines::erase_if(Predicate predicate)
{
    ascending_.erase_if(predicate);
    std::erase_if(heap_, predicate);
    std::ranges::make_heap(heap_, LaterFirst());
    give_back();
}

void Receipts::Deadlines::give_back()
{
    constexpr std::size_t always_kept = 4096;
    if (heap_.capacity() > always_kept && heap_.size() < heap_.capacity() / 8)
        heap_.shrink_to_fit();
}

bool Receipts::is_current(Due const& due) const
{
    auto const* const found = awaited_.find(due.number);
    return found && (found->deadline == as_added || found->deadline == due.deadline);
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
    auto const token = awaited_.find(number)->token;
    abandon(number);
    return token;
}

} // namespace arbalest::detail
