#include "allocations.hpp"
#include "protocol/vector_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <random>

// The queue beside one of the standard library's, and whether it lets go of what has been taken.
namespace vector_queue_tests {

using arbalest::detail::VectorQueue;
using Held = std::shared_ptr<int>;

void check(VectorQueue<Held> const& queue, std::deque<Held> const& model)
{
    BOOST_REQUIRE(queue.size() == model.size());
    BOOST_REQUIRE(queue.empty() == model.empty());
    if (model.empty())
        return;
    BOOST_REQUIRE(queue.front() == model.front());
    BOOST_REQUIRE(queue.back() == model.back());
}

BOOST_AUTO_TEST_SUITE(vector_queue)

BOOST_AUTO_TEST_CASE(behaves_like_a_queue_whatever_is_done)
{
    std::minstd_rand random(1);
    VectorQueue<Held> queue;
    std::deque<Held> model;
    for (int round = 0; round < 60; ++round) {
        auto const pushes = random() % 300;
        auto const pops = random() % 300;
        for (std::size_t i = 0; i < pushes; ++i) {
            model.push_back(std::make_shared<int>(static_cast<int>(random() % 10)));
            queue.push_back(Held(model.back()));
            check(queue, model);
        }
        for (std::size_t i = 0; i < pops && !model.empty(); ++i) {
            if (i % 2 == 0)
                queue.pop_front();
            else
                BOOST_REQUIRE(queue.take_front() == model.front());
            model.pop_front();
            check(queue, model);
        }
        if (round % 7 == 6) {
            auto const is_small = [](Held const& held) { return *held < 5; };
            queue.erase_if(is_small);
            std::erase_if(model, is_small);
            check(queue, model);
        }
        // The model's and the queue's, and no third one.
        for (auto const& held : model)
            BOOST_REQUIRE(held.use_count() == 2);
    }
    while (!model.empty()) {
        BOOST_REQUIRE(queue.front() == model.front());
        queue.pop_front();
        BOOST_REQUIRE(model.front().use_count() == 1);
        model.pop_front();
    }
}

BOOST_AUTO_TEST_CASE(lets_go_of_what_it_held)
{
    auto const held = std::make_shared<int>(1);
    VectorQueue<Held> queue;
    for (std::size_t const count : {1U, 100U, 10'000U}) { // of the last, the memory is given back as well
        for (std::size_t i = 0; i < count; ++i)
            queue.push_back(Held(held));
        BOOST_TEST(held.use_count() == static_cast<long>(count + 1));
        queue.pop_front();
        BOOST_TEST(held.use_count() == static_cast<long>(count));
        queue.push_back(Held(held));
        BOOST_TEST(queue.take_front() == held);
        BOOST_TEST(held.use_count() == static_cast<long>(count));
        queue.clear();
        BOOST_TEST(held.use_count() == 1);
        BOOST_TEST(queue.empty());
        queue.push_back(Held(held));
        queue.erase_if([](Held const&) { return true; });
        BOOST_TEST(held.use_count() == 1);
        BOOST_TEST(queue.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_queue_that_keeps_its_length_does_not_grow)
{
    VectorQueue<std::size_t> queue;
    queue.push_back(0);
    auto const* first = &queue.front();
    std::size_t moves = 0;
    for (std::size_t i = 1; i < 100'000; ++i) {
        queue.push_back(std::size_t{i});
        BOOST_REQUIRE(queue.front() == i - 1);
        queue.pop_front();
        if (&queue.front() < first)
            ++moves;
        first = &queue.front();
    }
    BOOST_TEST(moves > 1000U); // it went round in what it had
}

BOOST_AUTO_TEST_CASE(gives_memory_back_when_few_are_left)
{
    auto const before = allocations::bytes_in_use();
    VectorQueue<std::size_t> queue;
    for (std::size_t i = 0; i < 100'000; ++i)
        queue.push_back(std::size_t{i});
    queue.erase_if([](std::size_t value) { return value % 1000 != 0; });
    BOOST_TEST(allocations::bytes_in_use() - before < std::size_t{300'000});
    for (std::size_t i = 0; i < 100; ++i)
        BOOST_REQUIRE(queue.take_front() == 1000 * i);
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace vector_queue_tests
