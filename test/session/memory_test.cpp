#include "held_peer.hpp"

#include <malloc.h>

// What a burst has needed is given back.
BOOST_FIXTURE_TEST_SUITE(session_memory, arbalest::test::HeldFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

std::ptrdiff_t allocated_bytes()
{
    auto const info = ::mallinfo2();
    return static_cast<std::ptrdiff_t>(info.uordblks + info.hblkhd);
}

constexpr std::ptrdiff_t megabyte = 1 << 20;

} // namespace

BOOST_AUTO_TEST_CASE(large_messages_leave_no_large_write_buffers)
{
    for (bool const reconnects : {true, false}) {
        make_session(StompConfig(), reconnects);
        run([&]() -> asio::awaitable<void> {
            auto const peer = co_await connect();
            co_await session.flush();
            auto const before = allocated_bytes();
            for (int i = 0; i < 2; ++i) {
                OutgoingMessage message("/queue/large", std::string(24 * megabyte, 'x'));
                message.with_receipt();
                co_await session.send(std::move(message));
                peer->forget();
            }
            co_await others_go_on();
            BOOST_TEST(allocated_bytes() - before < 3 * megabyte);
            co_await session.disconnect();
        });
    }
}

BOOST_AUTO_TEST_CASE(many_receipts_in_flight_leave_nothing)
{
    StompConfig config;
    config.write_buffer.limit = 256 * megabyte;
    config.receipt_timeout = 1h;
    make_session(config, false);
    run([&]() -> asio::awaitable<void> {
        auto const peer = co_await connect(false);
        co_await session.flush();
        auto const before = allocated_bytes();
        {
            std::vector<PendingReceipt> pending;
            for (int i = 0; i < 50'000; ++i) {
                OutgoingMessage message("/queue/many", "x");
                message.with_receipt();
                auto one = co_await session.submit(std::move(message));
                pending.push_back(std::move(one));
            }
            co_await until([&] { return peer->frames.size() == pending.size() + 1; });
            std::string receipts;
            for (auto const& frame : peer->all("SEND"))
                receipts += HeldPeer::receipt_for(frame);
            peer->forget();
            peer->send(receipts);
            for (auto& one : pending)
                co_await one.confirmed();
        }
        peer->forget();
        co_await others_go_on();
        BOOST_TEST(allocated_bytes() - before < 6 * megabyte);
        peer->answers = true;
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_SUITE_END()
