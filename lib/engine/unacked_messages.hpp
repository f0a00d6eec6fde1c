#pragma once

#include "../protocol/vector_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest::detail {

/// Which messages of a subscription have been acknowledged or rejected: two bits for each, from the oldest unsettled
/// one on. A message that nothing was done about yet needs none. What a transaction has settled is open again when it
/// is aborted.
class UnackedMessages
{
public:
    using Sequence = std::uint64_t;

    /// Messages with consecutive numbers.
    struct Run
    {
        Sequence first;
        Sequence last;

        friend bool operator==(Run const&, Run const&) = default;
    };

    /// A message came. Returns the number by which it is known here: one more than the last; never zero.
    Sequence add() noexcept { return ++last_; }
    /// The same, where the broker must be told by their ids which messages to take back.
    Sequence add(std::string_view ack_id);

    /// Whether it came and was neither settled nor forgotten.
    bool is_open(Sequence sequence) const noexcept;

    /// The message was acknowledged or rejected, with all open ones before it if that is how the subscription
    /// acknowledges.
    void settle(Sequence sequence, bool cumulative);
    /// The same in a transaction. What that has settled is appended to `settled`.
    void settle(Sequence sequence, bool cumulative, std::vector<Run>& settled);

    /// A transaction that has settled these was committed, or aborted.
    void commit(Run const& run);
    void reopen(Run const& run);

    /// Hands out the ids of those that are open, in order, and forgets all.
    std::vector<std::string> take_open();
    /// Nothing that came up to now matters any more.
    void forget() noexcept;

    /// The bytes that all this occupies on the heap.
    std::size_t memory() const noexcept;

private:
    using Word = std::uint64_t;
    static constexpr Sequence per_word = 32;

    enum State : Word { open = 0, settled = 1, in_transaction = 2 };

    // The ids stand one behind the other in one text.
    struct Id
    {
        Sequence sequence;
        std::size_t length;
    };

    State state_of(Sequence sequence) const noexcept;
    void mark(Run const& run, State from, State to, std::vector<Run>* marked);
    void count_settled(std::size_t count);
    void forget_settled_words();
    void drop_settled_ids();

    VectorQueue<Word> words_;  // those behind the end are as if they were zero
    Sequence base_ = 1;        // of the first word
    Sequence last_ = 0;        // that was given out
    Sequence may_be_open_ = 1; // none before it is open
    std::vector<Id> ids_;      // in order; of some that are settled, too
    std::string id_text_;
    std::size_t settled_ids_ = 0; // how many of these are
};

} // namespace arbalest::detail
