#include "allocations.hpp"
#include "protocol/receipts.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

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

// Random calls, compared to a map.
class Model
{
public:
    explicit Model(unsigned seed) : random_(seed) {}

    void step()
    {
        switch (below(10)) {
        case 0:
        case 1:
        case 2:
            return expect_generated();
        case 3:
        case 4:
            return expect_chosen();
        case 5:
        case 6:
            return take();
        case 7:
            return forget();
        case 8:
            return set_deadline();
        default:
            return expire();
        }
    }

    void compare()
    {
        BOOST_REQUIRE_EQUAL(receipts_.size(), awaited_.size());
        BOOST_REQUIRE_EQUAL(receipts_.empty(), awaited_.empty());
        BOOST_REQUIRE((receipts_.next_deadline() == next_deadline()));
    }

private:
    struct Awaited
    {
        Receipts::Number number;
        Receipts::Token token;
        TimePoint deadline;
    };

    std::size_t below(std::size_t end) { return random_() % end; }
    TimePoint some_deadline() { return below(4) == 0 ? never : now_ + std::chrono::milliseconds(below(50)); }
    Receipts::Token new_token() { return reinterpret_cast<Receipts::Token>(++last_token_); }

    // Some of these are awaited, some were, some look as if.
    std::string some_id()
    {
        switch (below(3)) {
        case 0:
            return text(1 + below(last_number_ + 5));
        case 1:
            return "chosen-" + std::to_string(below(20));
        default:
            return awaited_.empty() ? "none"
                                    : std::next(awaited_.begin(), static_cast<long>(below(awaited_.size())))->first;
        }
    }

    TimePoint next_deadline() const
    {
        auto least = never;
        for (auto const& [id, awaited] : awaited_)
            least = std::min(least, awaited.deadline);
        return least;
    }

    void expect_generated()
    {
        auto const number = receipts_.next_number();
        BOOST_REQUIRE_GT(number, last_number_);
        last_number_ = number;
        auto const token = new_token();
        auto const deadline = some_deadline();
        receipts_.expect(number, token, deadline);
        BOOST_REQUIRE((awaited_.emplace(text(number), Awaited{number, token, deadline}).second));
    }

    void expect_chosen()
    {
        auto const id = some_id();
        auto const token = new_token();
        auto const deadline = some_deadline();
        auto const number = receipts_.expect(id, token, deadline);
        BOOST_REQUIRE_EQUAL(number.has_value(), !awaited_.contains(id));
        if (number) {
            BOOST_REQUIRE_GT(*number, last_number_);
            last_number_ = *number;
            awaited_.emplace(id, Awaited{*number, token, deadline});
        }
    }

    void take()
    {
        auto const id = some_id();
        auto const found = awaited_.find(id);
        BOOST_REQUIRE_EQUAL(receipts_.take(id), found == awaited_.end() ? nullptr : found->second.token);
        if (found != awaited_.end())
            awaited_.erase(found);
    }

    void forget()
    {
        auto const number = 1 + below(last_number_ + 3);
        auto const found = std::ranges::find_if(awaited_, [&](auto const& a) { return a.second.number == number; });
        BOOST_REQUIRE_EQUAL(receipts_.forget(number), found != awaited_.end());
        if (found != awaited_.end())
            awaited_.erase(found);
    }

    void set_deadline()
    {
        auto const number = 1 + below(last_number_ + 3);
        auto const deadline = some_deadline();
        receipts_.set_deadline(number, deadline);
        for (auto& [id, awaited] : awaited_) {
            if (awaited.number == number)
                awaited.deadline = deadline;
        }
    }

    void expire()
    {
        now_ += std::chrono::milliseconds(below(20));
        while (auto* const token = receipts_.expire(now_)) {
            auto const found = std::ranges::find_if(awaited_, [&](auto const& a) { return a.second.token == token; });
            BOOST_REQUIRE(found != awaited_.end());
            BOOST_REQUIRE((found->second.deadline == next_deadline()));
            BOOST_REQUIRE((found->second.deadline <= now_));
            awaited_.erase(found);
        }
        BOOST_REQUIRE((next_deadline() > now_));
    }

    std::mt19937 random_;
    Receipts receipts_;
    std::map<std::string, Awaited> awaited_;
    TimePoint now_ = start;
    Receipts::Number last_number_ = 0;
    std::uintptr_t last_token_ = 0;
};

BOOST_AUTO_TEST_CASE(random_walk)
{
    for (unsigned seed = 1; seed <= 30; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed)
        {
            Model model(seed);
            for (int i = 0; i < 2000; ++i) {
                model.step();
                model.compare();
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
