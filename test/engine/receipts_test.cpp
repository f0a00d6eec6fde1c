#include "../protocol/allocations.hpp"
#include "engine/receipts.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace receipts_tests {

using namespace std::chrono_literals;
using arbalest::detail::Receipts;
using arbalest::detail::TimePoint;

constexpr auto never = TimePoint::max();
TimePoint const start = TimePoint() + 1000s;

// Somebody who waits.
struct Waiter
{
    Receipts::Token token() { return this; }
};

std::string text(Receipts::Number number)
{
    return std::string(Receipts::GeneratedId(number).view());
}

BOOST_AUTO_TEST_SUITE(receipts)

BOOST_AUTO_TEST_CASE(generated_ids)
{
    BOOST_TEST(text(1) == "r-1");
    BOOST_TEST(text(18446744073709551615u) == "r-18446744073709551615");
    Receipts receipts;
    auto const first = receipts.next_number();
    auto const second = receipts.next_number();
    BOOST_TEST(first != 0u);
    BOOST_TEST(second > first);
    for (char const c : text(second))
        BOOST_TEST(((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'));
}

// They are written, and read, several digits at a time.
BOOST_AUTO_TEST_CASE(generated_ids_of_every_length)
{
    Receipts::Number power = 1;
    for (int digits = 1; digits <= 19; ++digits, power *= 10) {
        for (auto const number : {power, power + 1, power + power / 2, power * 9 + power / 10, power * 10 - 1})
            BOOST_TEST(text(number) == "r-" + std::to_string(number));
    }
}

BOOST_AUTO_TEST_CASE(only_what_was_generated_is_taken)
{
    Receipts receipts;
    Waiter waiter;
    for (Receipts::Number last = 0; last < 1'000'010;) {
        last = receipts.next_number();
        if (last % 1000 > 3 && last < 999'990)
            continue;
        receipts.expect(last, waiter.token(), never);
        auto const digits = std::to_string(last);
        for (std::size_t at = 0; at < digits.size(); ++at) {
            for (char const wrong : {'/', ':', 'a', '\xb5', '\0'}) {
                auto other = digits;
                other[at] = wrong;
                BOOST_REQUIRE(!receipts.take("r-" + other));
            }
        }
        BOOST_REQUIRE(!receipts.take("r-0" + digits));
        BOOST_REQUIRE(!receipts.take("r" + digits));
        BOOST_REQUIRE(!receipts.take(digits));
        BOOST_REQUIRE(receipts.take("r-" + digits) == waiter.token());
    }
}

BOOST_AUTO_TEST_CASE(a_deadline_that_starts_later)
{
    Receipts receipts;
    Waiter a;
    Waiter b;
    auto const number_a = receipts.next_number();
    auto const number_b = *receipts.expect("chosen", b.token());
    receipts.expect(number_a, a.token());
    BOOST_TEST((receipts.next_deadline() == never));
    receipts.start(number_b, start + 20ms);
    receipts.start(number_a, start + 10ms);
    BOOST_TEST((receipts.next_deadline() == start + 10ms));
    receipts.set_deadline(number_a, start + 30ms);
    BOOST_TEST((receipts.next_deadline() == start + 20ms));
    BOOST_TEST(receipts.expire(start + 20ms) == b.token());
    BOOST_TEST(!receipts.expire(start + 29ms));
    BOOST_TEST(receipts.expire(start + 30ms) == a.token());
    // Of one that has come meanwhile.
    auto const number_c = receipts.next_number();
    receipts.expect(number_c, a.token());
    BOOST_TEST(receipts.take(text(number_c)) == a.token());
    receipts.start(number_c, start + 40ms);
    BOOST_TEST(!receipts.expire(start + 50ms));
}

BOOST_AUTO_TEST_CASE(a_receipt_is_taken_once)
{
    Receipts receipts;
    Waiter a;
    Waiter b;
    auto const number_a = receipts.next_number();
    receipts.expect(number_a, a.token(), never);
    auto const number_b = receipts.next_number();
    receipts.expect(number_b, b.token(), never);
    BOOST_TEST(receipts.size() == 2u);
    BOOST_TEST(receipts.take(text(number_b)) == b.token());
    BOOST_TEST(receipts.take(text(number_b)) == nullptr);
    BOOST_TEST(receipts.take(text(number_a)) == a.token());
    BOOST_TEST(receipts.empty());
}

BOOST_AUTO_TEST_CASE(what_nobody_awaits)
{
    Receipts receipts;
    Waiter a;
    receipts.expect(receipts.next_number(), a.token(), never);
    for (std::string_view const id :
         {"", "r", "r-", "r-0", "r-01", "r-2", "r--1", "r-+1", "r- 1", "r-1 ", " r-1", "r-1x", "R-1", "1",
          "r-18446744073709551617", "r-99999999999999999999999999", "sub-1"})
        BOOST_TEST(receipts.take(id) == nullptr, "'" << id << "' was somebody's");
    BOOST_TEST(receipts.take(std::string_view("r-1\0", 4)) == nullptr);
    BOOST_TEST(receipts.take(std::string_view()) == nullptr);
    BOOST_TEST(receipts.take("r-1") == a.token());
}

BOOST_AUTO_TEST_CASE(ids_that_the_user_chose)
{
    Receipts receipts;
    Waiter a;
    Waiter b;
    BOOST_TEST(receipts.expect("order 66", a.token(), never).has_value());
    BOOST_TEST(!receipts.expect("order 66", b.token(), never));
    BOOST_TEST(receipts.expect("", b.token(), never).has_value());
    BOOST_TEST(receipts.size() == 2u);
    BOOST_TEST(receipts.take("") == b.token());
    BOOST_TEST(receipts.take("order 66") == a.token());
    BOOST_TEST(receipts.take("order 66") == nullptr);
    // Free again.
    BOOST_TEST(receipts.expect("order 66", b.token(), never).has_value());
    BOOST_TEST(receipts.take("order 66") == b.token());
}

BOOST_AUTO_TEST_CASE(chosen_ids_that_look_generated)
{
    Receipts receipts;
    Waiter a;
    Waiter b;
    Waiter c;
    // One that is awaited already.
    auto const number = receipts.next_number();
    receipts.expect(number, a.token(), never);
    BOOST_TEST(!receipts.expect(text(number), b.token(), never));
    // One that would come next.
    BOOST_TEST(receipts.expect(text(number + 2), b.token(), never).has_value());
    for (int i = 0; i < 5; ++i) {
        auto const next = receipts.next_number();
        BOOST_TEST(text(next) != text(number + 2));
        receipts.expect(next, c.token(), never);
    }
    BOOST_TEST(receipts.take(text(number + 2)) == b.token());
    BOOST_TEST(receipts.take(text(number)) == a.token());
    // The number behind a chosen id is no id.
    auto const chosen = receipts.expect("mine", a.token(), never);
    BOOST_REQUIRE(chosen);
    BOOST_TEST(receipts.take(text(*chosen)) == nullptr);
    BOOST_TEST(receipts.take("mine") == a.token());
    // Another spelling of a number is another id.
    BOOST_TEST(receipts.expect("r-007", a.token(), never).has_value());
    BOOST_TEST(receipts.take("r-7") != a.token());
    BOOST_TEST(receipts.take("r-007") == a.token());
}

BOOST_AUTO_TEST_CASE(forgetting)
{
    Receipts receipts;
    Waiter a;
    auto const number = receipts.next_number();
    receipts.expect(number, a.token(), start + 1s);
    auto const named = receipts.expect("mine", a.token(), start + 2s);
    BOOST_TEST(receipts.forget(number));
    BOOST_TEST(!receipts.forget(number));
    BOOST_TEST(receipts.take(text(number)) == nullptr); // it came late
    BOOST_TEST((receipts.next_deadline() == start + 2s));
    BOOST_TEST(receipts.forget(*named));
    BOOST_TEST(receipts.take("mine") == nullptr);
    BOOST_TEST((receipts.next_deadline() == never));
    BOOST_TEST(!receipts.forget(999));
    BOOST_TEST(receipts.expire(never) == nullptr);
}

// Of a frame that was sent the RECEIPT still comes, before that of the next frame with the same id.
BOOST_AUTO_TEST_CASE(abandoned_ids)
{
    Receipts receipts;
    Waiter a;
    Waiter b;
    auto const first = receipts.expect("mine", a.token(), never);
    BOOST_TEST((receipts.find(*first) == a.token()));
    BOOST_TEST(receipts.abandon(*first));
    BOOST_TEST(!receipts.abandon(*first));
    BOOST_TEST(receipts.find(*first) == nullptr);
    BOOST_TEST(receipts.expect("mine", b.token(), start + 1s).has_value());
    BOOST_TEST(receipts.take("mine") == nullptr);
    BOOST_TEST(receipts.take("mine") == b.token());
    BOOST_TEST(receipts.take("mine") == nullptr);
    // What expires counts as sent, unless it is said that it was not.
    BOOST_TEST(receipts.expect("mine", a.token(), start + 1s).has_value());
    BOOST_TEST(receipts.expire(start + 1s) == a.token());
    BOOST_TEST(receipts.expect("mine", a.token(), start + 2s).has_value());
    BOOST_TEST(receipts.expire(start + 2s) == a.token());
    receipts.was_not_sent("mine");
    BOOST_TEST(receipts.expect("mine", b.token(), never).has_value());
    BOOST_TEST(receipts.take("mine") == nullptr);
    BOOST_TEST(receipts.take("mine") == b.token());
    // With the connection all that ends.
    BOOST_TEST(receipts.expect("mine", a.token(), start + 3s).has_value());
    BOOST_TEST(receipts.expire(start + 3s) == a.token());
    receipts.connection_ended();
    BOOST_TEST(receipts.expect("mine", b.token(), never).has_value());
    BOOST_TEST(receipts.take("mine") == b.token());
    // Generated ones are never used again.
    auto const number = receipts.next_number();
    receipts.expect(number, a.token(), never);
    BOOST_TEST(receipts.abandon(number));
    BOOST_TEST(receipts.take(text(number)) == nullptr);
    BOOST_TEST(receipts.empty());
}

BOOST_AUTO_TEST_CASE(what_was_taken_is_awaited_again)
{
    Receipts receipts;
    Waiter a;
    auto const number = *receipts.expect("mine", a.token(), start + 1s);
    BOOST_TEST(receipts.take("mine") == a.token());
    receipts.expect_again("mine", number, a.token(), start + 1s);
    BOOST_TEST((receipts.find(number) == a.token()));
    BOOST_TEST(!receipts.expect("mine", a.token(), never));
    BOOST_TEST(receipts.expire(start + 1s) == a.token());
    receipts.expect_again("mine", number, a.token(), start + 2s);
    BOOST_TEST((receipts.next_deadline() == start + 2s));
    BOOST_TEST(receipts.take("mine") == a.token());
    BOOST_TEST(receipts.empty());
}

BOOST_AUTO_TEST_CASE(memory_of_a_burst_is_given_back)
{
    Receipts receipts;
    Waiter a;
    auto const before = allocations::bytes_in_use();
    std::vector<Receipts::Number> numbers(200'000);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] = receipts.next_number();
        // Of two limits, so that the deadlines of half of them stand in the heap.
        receipts.expect(numbers[i], a.token(), start + (i % 2 == 0 ? 10s : 5s) + std::chrono::microseconds(i));
    }
    auto const at_most = allocations::bytes_in_use();
    std::shuffle(numbers.begin(), numbers.end(), std::mt19937(1));
    while (numbers.size() > 10) {
        BOOST_REQUIRE(receipts.take(text(numbers.back())) == a.token());
        numbers.pop_back();
    }
    numbers.shrink_to_fit();
    BOOST_TEST(allocations::bytes_in_use() - before <= (at_most - before) / 10);
    BOOST_TEST(receipts.size() == 10U);
}

BOOST_AUTO_TEST_CASE(deadlines)
{
    Receipts receipts;
    std::array<Waiter, 4> waiters;
    BOOST_TEST((receipts.next_deadline() == never));
    BOOST_TEST(receipts.expire(start) == nullptr);
    std::array const limits{start + 30s, start + 10s, never, start + 20s};
    std::vector<Receipts::Number> numbers;
    for (std::size_t i = 0; i < waiters.size(); ++i) {
        numbers.push_back(receipts.next_number());
        receipts.expect(numbers[i], waiters[i].token(), limits[i]);
    }
    BOOST_TEST((receipts.next_deadline() == start + 10s));
    BOOST_TEST(receipts.expire(start + 10s - 1ns) == nullptr);
    BOOST_TEST(receipts.expire(start + 10s) == waiters[1].token());
    BOOST_TEST(receipts.expire(start + 10s) == nullptr);
    BOOST_TEST(receipts.take(text(numbers[1])) == nullptr); // a late receipt
    BOOST_TEST((receipts.next_deadline() == start + 20s));
    BOOST_TEST(receipts.take(text(numbers[3])) == waiters[3].token());
    BOOST_TEST((receipts.next_deadline() == start + 30s));
    // Several at once come one by one, in the order of their deadlines.
    Waiter late;
    receipts.expect("late", late.token(), start + 40s);
    BOOST_TEST(receipts.expire(start + 1h) == waiters[0].token());
    BOOST_TEST(receipts.expire(start + 1h) == late.token());
    BOOST_TEST(receipts.expire(start + 1h) == nullptr);
    BOOST_TEST((receipts.next_deadline() == never));
    // No limit is no limit.
    BOOST_TEST(receipts.expire(never) == nullptr);
    BOOST_TEST(receipts.size() == 1u);
    BOOST_TEST(receipts.take(text(numbers[2])) == waiters[2].token());
}

BOOST_AUTO_TEST_CASE(changing_a_deadline)
{
    Receipts receipts;
    Waiter a;
    Waiter b;
    auto const number = receipts.next_number();
    receipts.expect(number, a.token(), start + 10s);
    receipts.expect(receipts.next_number(), b.token(), start + 15s);
    receipts.set_deadline(number, start + 20s);
    BOOST_TEST((receipts.next_deadline() == start + 15s));
    BOOST_TEST(receipts.expire(start + 10s) == nullptr);
    receipts.set_deadline(number, start + 5s);
    BOOST_TEST((receipts.next_deadline() == start + 5s));
    receipts.set_deadline(number, never);
    BOOST_TEST(receipts.expire(start + 14s) == nullptr);
    receipts.set_deadline(number, start + 5s);
    BOOST_TEST(receipts.expire(start + 5s) == a.token());
    receipts.set_deadline(number, start + 6s); // gone
    BOOST_TEST(receipts.expire(start + 14s) == nullptr);
    BOOST_TEST(receipts.expire(start + 15s) == b.token());
}

// Receipts that come in time leave nothing behind, though their deadlines lie far ahead.
BOOST_AUTO_TEST_CASE(memory_is_bounded_by_what_is_outstanding)
{
    Receipts receipts;
    Waiter a;
    auto const rounds = [&](int count) {
        for (int i = 0; i < count; ++i) {
            auto const number = receipts.next_number();
            receipts.expect(number, a.token(), start + std::chrono::milliseconds(i) + 10s);
            auto const named = receipts.expect("n-" + std::to_string(i), a.token(), start + 10s);
            BOOST_REQUIRE_EQUAL(receipts.take("n-" + std::to_string(i)), a.token());
            BOOST_REQUIRE_EQUAL(receipts.take(text(number)), a.token());
            BOOST_REQUIRE(!receipts.forget(*named));
        }
    };
    rounds(1000);
    auto const before = allocations::bytes_in_use();
    rounds(20000);
    BOOST_TEST(allocations::bytes_in_use() <= before);
    BOOST_TEST(receipts.empty());
    BOOST_TEST((receipts.next_deadline() == never));
}

// Enough come in time that the deadlines of the others are sorted out from theirs.
BOOST_AUTO_TEST_CASE(the_order_of_deadlines_survives_many_receipts)
{
    Receipts receipts;
    std::mt19937 random(1);
    std::array<Waiter, 2000> waiters;
    std::vector<std::pair<std::string, TimePoint>> ids;
    for (auto& waiter : waiters) {
        auto const number = receipts.next_number();
        auto const deadline = start + std::chrono::milliseconds(random() % 100000);
        receipts.expect(number, waiter.token(), deadline);
        ids.emplace_back(text(number), deadline);
    }
    for (std::size_t left = ids.size(); left > 300; left = ids.size()) {
        auto const one = ids.begin() + static_cast<long>(random() % left);
        BOOST_REQUIRE(receipts.take(one->first) != nullptr);
        ids.erase(one);
    }
    std::ranges::sort(ids, {}, [](auto const& id) { return id.second; });
    for (auto const& [id, deadline] : ids) {
        BOOST_REQUIRE((receipts.next_deadline() == deadline));
        BOOST_REQUIRE(receipts.expire(deadline) != nullptr);
    }
    BOOST_TEST(receipts.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace receipts_tests
