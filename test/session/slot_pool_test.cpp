#include "session/slot_pool.hpp"
#include "session/subscription_state.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

BOOST_AUTO_TEST_SUITE(slot_pool)

namespace {

using arbalest::detail::ReceiptSlot;
using arbalest::detail::SlotPool;

void give_back_slot(SlotPool& pool, ReceiptSlot& slot)
{
    slot.state = ReceiptSlot::State::confirmed;
    pool.give_back(slot);
}

} // namespace

BOOST_AUTO_TEST_CASE(no_slot_is_handed_out_twice)
{
    std::mt19937 random(5);
    SlotPool pool;
    std::set<ReceiptSlot*> used;
    for (int step = 0; step < 50'000; ++step) {
        if (used.empty() || random() % 100 < 52) {
            auto& slot = pool.take();
            BOOST_REQUIRE((slot.state == ReceiptSlot::State::waiting));
            BOOST_REQUIRE(used.insert(&slot).second);
            continue;
        }
        auto const any = std::next(used.begin(), static_cast<long>(random() % std::min<std::size_t>(used.size(), 20)));
        give_back_slot(pool, **any);
        used.erase(any);
    }
    for (auto* const slot : used)
        give_back_slot(pool, *slot);
}

BOOST_AUTO_TEST_CASE(nothing_of_its_last_use_is_left_in_a_slot)
{
    SlotPool pool;
    auto& slot = pool.take();
    slot.encoded = slot.chosen = slot.deferred = slot.is_resubscribe = slot.may_have_left = true;
    slot.kept = false;
    slot.losses = 1;
    slot.id = "mine";
    slot.remaining.emplace(1);
    slot.failure = std::make_shared<arbalest::SessionClosed>("over");
    give_back_slot(pool, slot);
    auto& next = pool.take();
    BOOST_REQUIRE(&next == &slot);
    BOOST_TEST(!(next.encoded || next.chosen || next.deferred || next.is_resubscribe || next.may_have_left));
    BOOST_TEST(next.kept);
    BOOST_TEST(next.losses == 0U);
    BOOST_TEST(next.id.empty());
    BOOST_TEST(!next.remaining);
    BOOST_TEST(!next.failure);
    give_back_slot(pool, next);
}

BOOST_AUTO_TEST_CASE(memory_of_a_burst_is_given_back)
{
    SlotPool pool;
    for (int round = 0; round < 3; ++round) {
        std::vector<ReceiptSlot*> slots(100'000);
        for (auto& slot : slots)
            slot = &pool.take();
        BOOST_TEST(pool.capacity() >= slots.size());
        std::shuffle(slots.begin(), slots.end(), std::mt19937(1));
        auto* const last = slots.back();
        slots.pop_back();
        for (auto* const slot : slots)
            give_back_slot(pool, *slot);
        BOOST_TEST(pool.capacity() < 10'000U);
        give_back_slot(pool, *last);
    }
}

BOOST_AUTO_TEST_SUITE_END()
