#include "engine/unacked_messages.hpp"
#include "support/rounds.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace unacked_messages_tests {

using arbalest::detail::UnackedMessages;
using Run = UnackedMessages::Run;

std::string id_of(UnackedMessages::Sequence sequence)
{
    // Of different lengths, and too long to be kept inside of a string.
    return "T_sub-1@@session-" + std::string(static_cast<std::size_t>(sequence % 7), 'x') + std::to_string(sequence);
}

BOOST_AUTO_TEST_SUITE(unsettled)

BOOST_AUTO_TEST_CASE(a_message_is_settled_once)
{
    UnackedMessages messages;
    BOOST_TEST(!messages.is_open(0));
    BOOST_TEST(!messages.is_open(1));
    auto const first = messages.add();
    auto const second = messages.add();
    BOOST_TEST(first == 1u);
    BOOST_TEST(second == 2u);
    BOOST_TEST(messages.is_open(first));
    messages.settle(first, false);
    BOOST_TEST(!messages.is_open(first));
    BOOST_TEST(messages.is_open(second));
    messages.settle(second, true);
    BOOST_TEST(!messages.is_open(second));
}

BOOST_AUTO_TEST_CASE(an_aborted_transaction_opens_what_it_has_settled_and_nothing_else)
{
    UnackedMessages messages;
    for (int i = 0; i < 10; ++i)
        messages.add();
    std::vector<Run> outer;
    std::vector<Run> inner;
    messages.settle(5, false);
    messages.settle(2, false, outer);
    messages.settle(8, true, inner);
    BOOST_TEST((outer == std::vector<Run>{{2, 2}}));
    BOOST_TEST((inner == std::vector<Run>{{1, 1}, {3, 4}, {6, 8}}));
    for (auto const& run : inner)
        messages.reopen(run);
    for (UnackedMessages::Sequence i = 1; i <= 10; ++i)
        BOOST_TEST(messages.is_open(i) == (i != 2 && i != 5));
    for (auto const& run : outer)
        messages.commit(run);
    messages.settle(10, true);
    for (UnackedMessages::Sequence i = 1; i <= 10; ++i)
        BOOST_TEST(!messages.is_open(i));
}

BOOST_AUTO_TEST_CASE(what_is_not_settled_goes_back)
{
    UnackedMessages messages;
    for (UnackedMessages::Sequence i = 1; i <= 200; ++i)
        messages.add(id_of(i));
    std::vector<Run> runs;
    messages.settle(150, true);
    messages.settle(180, false);
    messages.settle(170, false, runs);
    messages.settle(171, false, runs);
    messages.reopen({170, 170});
    std::vector<std::string> expected;
    for (UnackedMessages::Sequence i = 151; i <= 200; ++i) {
        if (i != 171 && i != 180)
            expected.push_back(id_of(i));
    }
    BOOST_TEST(messages.take_open() == expected, boost::test_tools::per_element());
    BOOST_TEST(messages.take_open().empty());
    BOOST_TEST(!messages.is_open(170));
    BOOST_TEST(messages.add(id_of(201)) == 201u);
    messages.reopen({171, 171}); // a transaction that has been forgotten with it
    BOOST_TEST(messages.take_open() == std::vector<std::string>{id_of(201)}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_unsettled_message_keeps_two_bits_of_each_after_it)
{
    constexpr std::size_t count = arbalest::test::rounds(1'000'000);
    UnackedMessages messages;
    messages.add();
    for (std::size_t i = 0; i < count; ++i)
        messages.settle(messages.add(), false);
    BOOST_TEST(messages.is_open(1));
    BOOST_TEST(messages.memory() < 2 * count / 4 + 1000);
    messages.settle(1, false);
    BOOST_TEST(messages.memory() < 1000u);

    UnackedMessages with_ids;
    with_ids.add(id_of(1));
    for (std::size_t i = 0; i < count; ++i)
        with_ids.settle(with_ids.add(id_of(i)), false);
    BOOST_TEST(with_ids.memory() < 2 * count / 4 + 100'000);
    BOOST_TEST(with_ids.take_open() == std::vector<std::string>{id_of(1)}, boost::test_tools::per_element());
    BOOST_TEST(with_ids.memory() < 100u);
}

BOOST_AUTO_TEST_CASE(what_many_open_messages_occupied_is_given_back_when_they_are_settled)
{
    UnackedMessages messages;
    for (UnackedMessages::Sequence i = 1; i <= 100'000; ++i)
        messages.add(id_of(i));
    messages.settle(100'000, true);
    BOOST_TEST(messages.memory() < 50'000u);
}

// Random calls, compared to a map.
class Model
{
public:
    Model(unsigned seed, bool cumulative, bool with_ids) : random_(seed), cumulative_(cumulative), with_ids_(with_ids)
    {
    }

    void step()
    {
        switch (below(12)) {
        case 0:
        case 1:
        case 2:
        case 3:
        case 4:
            return add();
        case 5:
        case 6:
        case 7:
            return settle();
        case 8:
        case 9:
            return settle_in_transaction();
        case 10:
            return end_transaction();
        default:
            return below(20) == 0 ? forget() : add();
        }
    }

    void compare()
    {
        for (auto const& [sequence, state] : states_)
            BOOST_REQUIRE_EQUAL(messages_.is_open(sequence), state == State::open);
        BOOST_REQUIRE(!messages_.is_open(0));
        BOOST_REQUIRE(!messages_.is_open(last_ + 1));
    }

private:
    enum class State { open, settled, in_transaction, forgotten };

    class Transaction
    {
    public:
        std::vector<Run> runs;
        std::vector<UnackedMessages::Sequence> settled;
    };

    std::size_t below(std::size_t end) { return random_() % end; }
    // Mostly one of the latest, sometimes one that was never given out.
    UnackedMessages::Sequence some_message()
    {
        return below(10) == 0 ? below(last_ + 5) : last_ - std::min<UnackedMessages::Sequence>(last_, below(100));
    }

    void add()
    {
        ++last_;
        BOOST_REQUIRE_EQUAL(with_ids_ ? messages_.add(id_of(last_)) : messages_.add(), last_);
        states_[last_] = State::open;
    }

    std::vector<UnackedMessages::Sequence> open_up_to(UnackedMessages::Sequence last) const
    {
        std::vector<UnackedMessages::Sequence> found;
        for (auto const& [sequence, state] : states_) {
            if (state == State::open && (cumulative_ ? sequence <= last : sequence == last))
                found.push_back(sequence);
        }
        return last <= last_ && (states_.contains(last) && states_.at(last) != State::forgotten) ? found
                                                                                                 : decltype(found)();
    }

    void settle()
    {
        auto const sequence = some_message();
        if (!messages_.is_open(sequence))
            return; // as the session does
        for (auto const settled : open_up_to(sequence))
            states_[settled] = State::settled;
        messages_.settle(sequence, cumulative_);
    }

    void settle_in_transaction()
    {
        auto const sequence = some_message();
        if (!messages_.is_open(sequence))
            return;
        auto& transaction = transactions_[below(3)];
        for (auto const settled : open_up_to(sequence)) {
            states_[settled] = State::in_transaction;
            transaction.settled.push_back(settled);
        }
        messages_.settle(sequence, cumulative_, transaction.runs);
    }

    void end_transaction()
    {
        auto& transaction = transactions_[below(3)];
        bool const committed = below(2) == 0;
        for (auto const& run : transaction.runs)
            committed ? messages_.commit(run) : messages_.reopen(run);
        for (auto const sequence : transaction.settled) {
            if (states_[sequence] != State::forgotten)
                states_[sequence] = committed ? State::settled : State::open;
        }
        transaction = Transaction();
    }

    void forget()
    {
        if (with_ids_) {
            std::vector<std::string> open_ids;
            for (auto const& [sequence, state] : states_) {
                if (state == State::open)
                    open_ids.push_back(id_of(sequence));
            }
            BOOST_REQUIRE(messages_.take_open() == open_ids);
        } else {
            messages_.forget();
        }
        for (auto& [sequence, state] : states_)
            state = State::forgotten;
        // Transactions may outlive that.
    }

    std::minstd_rand random_;
    bool const cumulative_;
    bool const with_ids_;
    UnackedMessages messages_;
    std::map<UnackedMessages::Sequence, State> states_;
    UnackedMessages::Sequence last_ = 0;
    Transaction transactions_[3];
};

BOOST_AUTO_TEST_CASE(behaves_like_a_map_of_states)
{
    for (unsigned seed = 1; seed <= 12; ++seed) {
        bool const cumulative = seed % 2 == 0;
        bool const with_ids = seed % 4 < 2;
        BOOST_TEST_CONTEXT("seed " << seed)
        {
            Model model(seed, cumulative, with_ids);
            for (int i = 0; i < arbalest::test::rounds(1500); ++i) {
                model.step();
                model.compare();
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace unacked_messages_tests
