#include "support/raw_peer.hpp"

#include <boost/asio/error.hpp>

#include <span>

// What becomes of frames between the call and the network.
BOOST_FIXTURE_TEST_SUITE(write_side, arbalest::test::ContextFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

StompConfig quiet()
{
    StompConfig config;
    config.heart_beat = HeartBeat(0ms, 0ms);
    return config;
}

OutgoingMessage confirmed_message(std::string_view body)
{
    OutgoingMessage message("/queue/a", body);
    message.with_receipt();
    return message;
}

asio::awaitable<StompSession> accept(RawPeer& peer, StompConfig config)
{
    auto const executor = co_await asio::this_coro::executor;
    StompClient const client(std::move(config));
    auto const connecting = start(executor, client.connect(peer.url()));
    co_await peer.accept_session();
    co_await finished(connecting);
    co_return connecting->value.value();
}

// Accepts so many bytes, and then fails to write; reading goes on.
class HalfBroken final : public Transport
{
public:
    HalfBroken(std::unique_ptr<Transport> inner, std::shared_ptr<std::size_t> left)
        : inner_(std::move(inner)), left_(std::move(left))
    {
    }
    asio::any_io_executor get_executor() override { return inner_->get_executor(); }
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer) override { return inner_->read_some(buffer); }
    asio::awaitable<std::size_t> write_some(asio::const_buffer buffer, std::span<std::size_t const> ends) override
    {
        if (*left_ == 0)
            throw boost::system::system_error(asio::error::broken_pipe);
        auto const size = co_await inner_->write_some(asio::buffer(buffer, *left_), ends);
        *left_ -= size;
        co_return size;
    }
    asio::awaitable<void> close(CloseReason reason) override { return inner_->close(reason); }
    void abort() noexcept override { inner_->abort(); }

private:
    std::unique_ptr<Transport> inner_;
    std::shared_ptr<std::size_t> left_;
};

// A session whose way out can be broken.
class Breakable
{
public:
    explicit Breakable(asio::io_context& context) : peer(context) {}

    RawPeer peer;
    std::shared_ptr<std::size_t> const left = std::make_shared<std::size_t>(std::size_t{1} << 40);
    StompSession session;

    asio::awaitable<void> begin()
    {
        auto const executor = co_await asio::this_coro::executor;
        asio::ip::tcp::socket socket(executor);
        co_await socket.async_connect(peer.endpoint(), asio::use_awaitable);
        std::unique_ptr<Transport> inner = std::make_unique<StreamTransport<asio::ip::tcp::socket>>(std::move(socket));
        std::unique_ptr<Transport> transport = std::make_unique<HalfBroken>(std::move(inner), left);
        auto const opening = start(executor, StompSession::over(std::move(transport), quiet()));
        co_await peer.accept_session();
        co_await finished(opening);
        session = opening->value.value();
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_peer_that_does_not_read_stalls_senders_and_not_the_memory)
{
    run([this]() -> asio::awaitable<void> {
        constexpr int count = 2000;
        auto config = quiet();
        config.write_buffer.limit = 50'000;
        RawPeer peer(context);
        auto session = co_await accept(peer, config);
        auto const executor = co_await asio::this_coro::executor;
        std::vector<std::shared_ptr<Task<std::optional<Receipt>>>> sending;
        for (int i = 0; i < count; ++i) {
            std::string body = std::to_string(i) + ' ';
            body.resize(20'000, 'x');
            sending.push_back(start(executor, session.send("/queue/a", body)));
        }
        std::ptrdiff_t done = -1;
        auto const count_done = [&] {
            return std::ranges::count_if(sending, [](auto const& one) { return one->done; });
        };
        // Until nothing moves any more.
        while (done != count_done()) {
            done = count_done();
            co_await pause(100ms);
        }
        BOOST_TEST(done > 0);
        BOOST_TEST(done < count);
        // What was taken is in the hands of the system, being written, or in the buffer.
        auto const taken = static_cast<std::uint64_t>(done) * 20'000;
        BOOST_TEST(taken <= session.stats().bytes_sent + 2 * 70'000);
        // Now the peer reads, and gets everything in the order of the calls.
        for (int i = 0; i < count; ++i) {
            auto const frame = co_await peer.receive("SEND");
            BOOST_REQUIRE(std::stoi(std::string(frame.body())) == i);
        }
        for (auto const& one : sending) {
            co_await finished(one);
            BOOST_TEST(!one->failure);
        }
    });
}

BOOST_AUTO_TEST_CASE(when_writing_fails_the_error_that_explains_it_is_still_read)
{
    run([this]() -> asio::awaitable<void> {
        auto const executor = co_await asio::this_coro::executor;
        Breakable half(context);
        co_await half.begin();
        auto const before = start(executor, half.session.send(confirmed_message("before")));
        co_await half.session.flush();
        *half.left = 0;
        auto const behind = start(executor, half.session.send(confirmed_message("behind")));
        co_await others_go_on();
        BOOST_TEST(!behind->done);
        co_await half.peer.receive("SEND");
        co_await half.peer.send(frame_bytes("ERROR\nmessage:too large", "the broker closes"));
        auto const cause = co_await half.session.closed();
        BOOST_TEST(is<ErrorFrameReceived>(cause), cause.what());
        co_await finished(before);
        BOOST_TEST(is<ErrorFrameReceived>(before->failure), before->failure.what());
        BOOST_TEST(before->failure.outcome() == Outcome::unknown);
        co_await finished(behind);
        BOOST_TEST(is<ErrorFrameReceived>(behind->failure), behind->failure.what());
        BOOST_TEST(behind->failure.outcome() == Outcome::not_sent);
        co_await half.peer.wait_for_end();
    });
}

BOOST_AUTO_TEST_CASE(when_writing_fails_and_nothing_explains_it_the_session_ends_soon)
{
    run([this]() -> asio::awaitable<void> {
        Breakable half(context);
        co_await half.begin();
        *half.left = 0;
        auto const failure = co_await failure_of(half.session.send(confirmed_message("x")));
        BOOST_REQUIRE(is<ConnectionLost>(failure));
        BOOST_TEST((failure.outcome() == Outcome::not_sent));
        try {
            failure.raise();
        } catch (ConnectionLost const& lost) {
            BOOST_TEST((lost.cause() == asio::error::broken_pipe));
        }
        co_await half.peer.wait_for_end();
    });
}

BOOST_AUTO_TEST_CASE(a_write_that_is_cut_tells_frames_before_it_from_frames_behind)
{
    for (std::size_t cut = 1; cut < 280; cut += 13) {
        BOOST_TEST_CONTEXT("cut at " << cut)
        {
            run([&]() -> asio::awaitable<void> {
                auto const executor = co_await asio::this_coro::executor;
                Breakable half(context);
                co_await half.begin();
                *half.left = cut;
                std::vector<std::shared_ptr<Task<std::optional<Receipt>>>> sending;
                for (int i = 0; i < 4; ++i)
                    sending.push_back(start(executor, half.session.send(confirmed_message("the same size"))));
                auto const received = co_await half.peer.receive_raw(cut);
                half.peer.close();
                auto const cause = co_await half.session.closed();
                BOOST_TEST(is<ConnectionLost>(cause), cause.what());
                auto const first_end = received.find('\0');
                auto const frame_size = first_end == received.npos ? cut : first_end + 1;
                for (std::size_t i = 0; i < sending.size(); ++i) {
                    co_await finished(sending[i]);
                    bool const was_begun = i * frame_size < cut;
                    auto const expected = was_begun ? Outcome::unknown : Outcome::not_sent;
                    BOOST_TEST(sending[i]->failure.outcome() == expected, "frame " << i);
                }
            });
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
