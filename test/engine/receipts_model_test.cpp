#include "engine/receipts.hpp"
#include "support/rounds.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>

namespace receipts_model_tests {

using namespace std::chrono_literals;
using arbalest::detail::Receipts;
using arbalest::detail::TimePoint;

constexpr auto never = TimePoint::max();
TimePoint const start = TimePoint() + 1000s;

std::string text(Receipts::Number number)
{
    return std::string(Receipts::GeneratedId(number).view());
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
        BOOST_REQUIRE((receipts_.earliest_deadline() <= next_deadline()));
        BOOST_REQUIRE((receipts_.next_deadline() == next_deadline()));
        BOOST_REQUIRE((receipts_.earliest_deadline() == next_deadline()));
    }

private:
    struct Awaited
    {
        Receipts::Number number;
        Receipts::Token token;
        TimePoint deadline;
        bool is_chosen = false;
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
        if (below(2) == 0) {
            receipts_.expect(number, token);
            receipts_.start(number, deadline);
        } else {
            receipts_.expect(number, token, deadline);
        }
        BOOST_REQUIRE((awaited_.emplace(text(number), Awaited{number, token, deadline, false}).second));
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
            awaited_.emplace(id, Awaited{*number, token, deadline, true});
        }
    }

    void take()
    {
        auto const id = some_id();
        auto const late = abandoned_.find(id);
        BOOST_REQUIRE_EQUAL(receipts_.is_abandoned(id), late != abandoned_.end());
        if (late != abandoned_.end()) {
            abandoned_.erase(late);
            BOOST_REQUIRE(!receipts_.take(id));
            return;
        }
        auto const found = awaited_.find(id);
        BOOST_REQUIRE_EQUAL(receipts_.take(id), found == awaited_.end() ? nullptr : found->second.token);
        if (found != awaited_.end())
            awaited_.erase(found);
    }

    void forget()
    {
        auto const number = 1 + below(last_number_ + 3);
        auto const found = std::ranges::find_if(awaited_, [&](auto const& a) { return a.second.number == number; });
        bool const may_come = below(2) == 0;
        BOOST_REQUIRE_EQUAL(may_come ? receipts_.abandon(number) : receipts_.forget(number), found != awaited_.end());
        if (found == awaited_.end())
            return;
        if (may_come && found->second.is_chosen)
            abandoned_.insert(found->first);
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
            if (found->second.is_chosen)
                abandoned_.insert(found->first);
            awaited_.erase(found);
        }
        BOOST_REQUIRE((next_deadline() > now_));
    }

    std::mt19937 random_;
    Receipts receipts_;
    std::map<std::string, Awaited> awaited_;
    std::multiset<std::string> abandoned_; // chosen ids whose RECEIPTs may still come
    TimePoint now_ = start;
    Receipts::Number last_number_ = 0;
    std::uintptr_t last_token_ = 0;
};

BOOST_AUTO_TEST_SUITE(receipts_model)

BOOST_AUTO_TEST_CASE(random_walk)
{
    for (unsigned seed = 1; seed <= arbalest::test::rounds(30U); ++seed) {
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

} // namespace receipts_model_tests
