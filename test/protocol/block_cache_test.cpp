#include "protocol/block_cache.hpp"
#include <arbalest/protocol/frame.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace block_cache_tests {

using arbalest::Frame;
using arbalest::detail::allocate_block;
using arbalest::detail::block_size;
using arbalest::detail::release_block;

Frame message(std::size_t body)
{
    Frame frame("MESSAGE", body);
    frame.add_header("destination", "/queue/a").set_body(std::string(body, 'x'));
    return frame;
}

BOOST_AUTO_TEST_SUITE(block_cache)

BOOST_AUTO_TEST_CASE(a_block_has_the_room_that_was_asked_for)
{
    for (std::size_t bytes = 1; bytes < 3000; ++bytes) {
        auto const size = block_size(bytes);
        BOOST_REQUIRE_GE(size, bytes);
        BOOST_REQUIRE_LT(size, bytes + 64);
        auto* const block = allocate_block(size);
        std::memset(block, 1, size);
        release_block(block, size);
    }
}

BOOST_AUTO_TEST_CASE(blocks_in_use_are_not_handed_out_again)
{
    auto const size = block_size(200);
    std::set<void*> blocks;
    for (int i = 0; i < 1000; ++i)
        BOOST_REQUIRE(blocks.insert(allocate_block(size)).second);
    for (auto* const block : blocks)
        release_block(block, size);
    std::set<void*> again;
    for (int i = 0; i < 2000; ++i)
        BOOST_REQUIRE(again.insert(allocate_block(size)).second);
    for (auto* const block : again)
        release_block(block, size);
}

BOOST_AUTO_TEST_CASE(more_than_is_kept_goes_back)
{
    auto const size = block_size(1000);
    std::vector<void*> blocks(4 * arbalest::detail::block_cache_limit / size);
    for (auto& block : blocks)
        block = allocate_block(size);
    for (auto* const block : blocks)
        release_block(block, size);
}

BOOST_AUTO_TEST_CASE(frames_go_from_thread_to_thread)
{
    std::vector<Frame> frames;
    std::thread maker([&] {
        for (std::size_t i = 0; i < 2000; ++i)
            frames.push_back(message(i));
    });
    maker.join();
    for (std::size_t i = 0; i < frames.size(); ++i)
        BOOST_REQUIRE_EQUAL(frames[i].body().size(), i);
    std::thread taker([mine = std::move(frames)]() mutable { mine.clear(); });
    taker.join();
}

// What a thread keeps is gone before its other objects, where those are older.
thread_local Frame last_of_its_thread;

BOOST_AUTO_TEST_CASE(a_frame_may_outlive_what_its_thread_keeps)
{
    std::thread thread([] {
        last_of_its_thread = Frame();
        auto frame = message(100);
        last_of_its_thread = std::move(frame);
    });
    thread.join();
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace block_cache_tests
