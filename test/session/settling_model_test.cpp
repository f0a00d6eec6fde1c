#include "reconnect_tools.hpp"

#include <map>
#include <random>

// Random acknowledgements, several at a time, with and without transactions and losses, compared to a map of states.
BOOST_FIXTURE_TEST_SUITE(settling_model, arbalest::test::ReconnectFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

enum class Settled { no, yes, in_transaction, gone };

class SettlingModel
{
public:
    SettlingModel(EmbeddedBroker& broker, StompSession session, AckMode mode, unsigned seed)
        : broker_(broker), session_(std::move(session)), mode_(mode), random_(seed),
          queue_("/queue/settled-" + std::to_string(seed))
    {
    }

    asio::awaitable<void> run(int rounds)
    {
        co_await subscribe();
        for (int i = 0; i < rounds; ++i) {
            auto const choice = below(20);
            if (choice == 0)
                co_await lose_connection();
            else if (choice == 1)
                co_await subscribe_again();
            else if (choice < 5)
                co_await end_transaction();
            else
                co_await acknowledge_several();
        }
        transactions_.clear();
        inbox_ = Subscription();
    }

private:
    class Known
    {
    public:
        Message message;
        Settled state = Settled::no;
        std::size_t transaction = 0;
    };

    std::size_t below(std::size_t end) { return random_() % end; }

    asio::awaitable<void> subscribe()
    {
        inbox_ = co_await session_.subscribe(queue_, mode_);
        co_await take_more(5);
    }

    // What is not settled comes again, so all that is to be known of it is taken anew.
    asio::awaitable<void> subscribe_again()
    {
        co_await inbox_.unsubscribe();
        forget();
        co_await subscribe();
    }

    asio::awaitable<void> lose_connection()
    {
        auto const before = session_.stats().connections;
        broker_.faults().close_connections();
        co_await ReconnectFixture::until_connected(session_, before + 1);
        forget();
        transactions_.clear();
        co_await take_more(1);
    }

    void forget()
    {
        for (auto& known : messages_)
            known.state = Settled::gone;
    }

    asio::awaitable<void> take_more(int count)
    {
        for (int i = 0; i < count; ++i) {
            broker_.publish(queue_, std::to_string(++published_));
            auto message = co_await inbox_.receive();
            messages_.push_back({std::move(message)});
        }
    }

    // In the order of the calls, though none is waited for before the last.
    asio::awaitable<void> acknowledge_several()
    {
        // What a cumulative acknowledgement is to one in an open transaction differs between brokers.
        bool const one_at_a_time = mode_ == AckMode::client;
        if (transactions_.size() < (one_at_a_time ? 1u : 3u) && below(3) == 0) {
            auto transaction = co_await session_.begin();
            transactions_.emplace(++last_transaction_, std::move(transaction));
        }
        co_await take_more(static_cast<int>(below(4)));
        auto const executor = co_await asio::this_coro::executor;
        std::vector<std::shared_ptr<Task<bool>>> tasks;
        std::vector<bool> expected;
        for (auto count = below(12) + 1; count != 0; --count) {
            auto const position = below(4) == 0 ? below(messages_.size()) : messages_.size() - 1 - below(recent());
            auto& known = messages_[position];
            bool const in_one = !transactions_.empty() && (one_at_a_time || below(2) == 0);
            auto one = transactions_.begin();
            if (in_one)
                std::advance(one, static_cast<std::ptrdiff_t>(below(transactions_.size())));
            bool const accepts = below(4) != 0;
            if (in_one)
                tasks.push_back(
                    start(executor, accepts ? one->second.ack(known.message) : one->second.nack(known.message)));
            else
                tasks.push_back(start(executor, accepts ? session_.ack(known.message) : known.message.nack()));
            expected.push_back(known.state == Settled::no);
            if (expected.back())
                settle(position, in_one ? one->first : 0);
        }
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            co_await finished(tasks[i]);
            BOOST_REQUIRE_MESSAGE(!tasks[i]->failure, tasks[i]->failure.what());
            BOOST_REQUIRE_EQUAL(*tasks[i]->value, expected[i]);
        }
        // What was rejected outside of transactions comes again.
        co_await others_go_on();
        while (auto message = inbox_.try_receive())
            messages_.push_back({std::move(*message)});
    }

    std::size_t recent() const { return std::min<std::size_t>(messages_.size(), 12); }

    void settle(std::size_t position, std::size_t transaction)
    {
        for (std::size_t i = mode_ == AckMode::client ? 0 : position; i <= position; ++i) {
            auto& known = messages_[i];
            if (known.state != Settled::no)
                continue;
            known.state = transaction == 0 ? Settled::yes : Settled::in_transaction;
            known.transaction = transaction;
        }
    }

    asio::awaitable<void> end_transaction()
    {
        if (transactions_.empty())
            co_return;
        auto one = transactions_.begin();
        std::advance(one, static_cast<std::ptrdiff_t>(below(transactions_.size())));
        auto const choice = below(3);
        auto const state = choice == 0 ? Settled::yes : Settled::no;
        if (choice == 0)
            co_await one->second.commit();
        else if (choice == 1)
            co_await one->second.abort();
        for (auto& known : messages_) {
            if (known.state == Settled::in_transaction && known.transaction == one->first)
                known.state = state;
        }
        transactions_.erase(one); // which aborts it, if nothing else did
    }

    EmbeddedBroker& broker_;
    StompSession session_;
    AckMode const mode_;
    std::minstd_rand random_;
    std::string const queue_;
    Subscription inbox_;
    std::vector<Known> messages_; // in the order in which they came
    std::map<std::size_t, Transaction> transactions_;
    std::size_t last_transaction_ = 0;
    int published_ = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(acknowledgements_have_an_effect_once)
{
    for (unsigned seed = 1; seed <= 6; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed)
        {
            run([&]() -> asio::awaitable<void> {
                auto const log = std::make_shared<FrameLog>();
                auto config = reconnecting();
                config.write_buffer.limit = seed % 3 == 0 ? 64 * 1024 : 1; // so that they wait for room
                config.observer = log;
                auto session = co_await connect(config);
                SettlingModel model(broker, session, seed % 2 == 0 ? AckMode::client : AckMode::client_individual,
                                    seed);
                auto const failure = co_await failure_of(model.run(120));
                // The broker had nothing to complain about.
                for (auto const& frame : log->received)
                    BOOST_TEST(frame.command() != "ERROR", frame.body());
                BOOST_REQUIRE_MESSAGE(!failure, failure.what());
                co_await session.disconnect();
            });
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
