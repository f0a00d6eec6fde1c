#include "unacked_messages.hpp"

#include <algorithm>
#include <bit>

namespace arbalest::detail {

namespace {

// The low bit of each of a word's messages.
constexpr std::uint64_t low_bits = 0x5555'5555'5555'5555;
constexpr std::uint64_t all_settled = low_bits;

// From how many ids on it is worth looking for those that are not needed any more.
constexpr std::size_t worth_dropping = 64;

// For how many of them memory is kept that is not used any more.
constexpr std::size_t kept_when_few = 1024;

} // namespace

UnackedMessages::Sequence UnackedMessages::add(std::string_view ack_id)
{
    ids_.push_back({last_ + 1, ack_id.size()});
    id_text_ += ack_id;
    return add();
}

UnackedMessages::State UnackedMessages::state_of(Sequence sequence) const noexcept
{
    if (sequence < base_ || sequence > last_)
        return settled;
    auto const position = sequence - base_;
    auto const word = static_cast<std::size_t>(position / per_word);
    if (word >= words_.size())
        return open;
    return static_cast<State>((words_[word] >> (2 * (position % per_word))) & 3);
}

bool UnackedMessages::is_open(Sequence sequence) const noexcept
{
    return state_of(sequence) == open;
}

void UnackedMessages::settle(Sequence sequence, bool cumulative)
{
    if (sequence < base_ || sequence > last_)
        return;
    mark({cumulative ? may_be_open_ : sequence, sequence}, open, settled, nullptr);
    if (cumulative)
        may_be_open_ = std::max(may_be_open_, sequence + 1);
    forget_settled_words();
}

void UnackedMessages::settle(Sequence sequence, bool cumulative, std::vector<Run>& runs)
{
    if (sequence < base_ || sequence > last_)
        return;
    mark({cumulative ? may_be_open_ : sequence, sequence}, open, in_transaction, &runs);
    if (cumulative)
        may_be_open_ = std::max(may_be_open_, sequence + 1);
}

void UnackedMessages::commit(Run const& run)
{
    mark(run, in_transaction, settled, nullptr);
    forget_settled_words();
}

void UnackedMessages::reopen(Run const& run)
{
    mark(run, in_transaction, open, nullptr);
    may_be_open_ = std::min(may_be_open_, std::max(run.first, base_));
}

// Whichever of them are in the one state are in the other afterwards. A word at a time, for there may be many.
void UnackedMessages::mark(Run const& run, State from, State to, std::vector<Run>* marked)
{
    auto const first = std::max(run.first, base_);
    auto const last = std::min(run.last, last_);
    if (first > last)
        return;
    while ((last - base_) / per_word >= words_.size())
        words_.push_back(Word(0));
    std::size_t count = 0;
    for (auto sequence = first; sequence <= last;) {
        auto const position = sequence - base_;
        auto& word = words_[static_cast<std::size_t>(position / per_word)];
        auto const begin = position % per_word;
        auto const end = std::min(per_word, begin + (last - sequence) + 1);
        // Of each message, whether it is in that state.
        auto const differences = word ^ (low_bits * from);
        auto lanes = ~(differences | (differences >> 1)) & low_bits;
        lanes &= ~Word(0) << (2 * begin);
        if (end < per_word)
            lanes &= (Word(1) << (2 * end)) - 1;
        word = (word & ~(lanes * 3)) | (lanes * to);
        count += static_cast<std::size_t>(std::popcount(lanes));
        for (auto left = marked ? lanes : 0; left != 0; left &= left - 1) {
            auto const found = sequence - begin + static_cast<Sequence>(std::countr_zero(left)) / 2;
            if (!marked->empty() && marked->back().last + 1 == found)
                marked->back().last = found;
            else
                marked->push_back({found, found});
        }
        sequence += end - begin;
    }
    if (to == settled)
        count_settled(count);
}

void UnackedMessages::forget_settled_words()
{
    while (!words_.empty() && words_.front() == all_settled) {
        words_.pop_front();
        base_ += per_word;
    }
    // Nothing is left but a part of a word: then the next message begins a new one.
    auto const left = last_ + 1 - base_;
    if (words_.size() == 1 && left < per_word && words_.front() == (all_settled & ((Word(1) << (2 * left)) - 1))) {
        words_.clear();
        base_ = last_ + 1;
    }
    may_be_open_ = std::max(may_be_open_, base_);
}

// What the ids of settled messages occupy is given back when it is half of all.
void UnackedMessages::count_settled(std::size_t count)
{
    if (ids_.empty())
        return;
    settled_ids_ += count;
    if (settled_ids_ >= worth_dropping && settled_ids_ >= ids_.size() / 2)
        drop_settled_ids();
}

void UnackedMessages::drop_settled_ids()
{
    std::size_t kept = 0;
    std::size_t kept_text = 0;
    std::size_t position = 0;
    for (auto const id : ids_) {
        if (state_of(id.sequence) != settled) {
            std::copy_n(id_text_.data() + position, id.length, id_text_.data() + kept_text);
            kept_text += id.length;
            ids_[kept++] = id;
        }
        position += id.length;
    }
    ids_.resize(kept);
    id_text_.resize(kept_text);
    settled_ids_ = 0;
    if (ids_.capacity() > kept_when_few && ids_.capacity() / 4 > kept) {
        ids_.shrink_to_fit();
        id_text_.shrink_to_fit();
    }
}

std::vector<std::string> UnackedMessages::take_open()
{
    std::vector<std::string> open_ids;
    std::size_t position = 0;
    for (auto const& id : ids_) {
        if (is_open(id.sequence))
            open_ids.push_back(id_text_.substr(position, id.length));
        position += id.length;
    }
    forget();
    return open_ids;
}

void UnackedMessages::forget() noexcept
{
    words_.clear();
    base_ = last_ + 1;
    may_be_open_ = base_;
    ids_ = std::vector<Id>();
    std::string().swap(id_text_); // assignment would keep the memory
    settled_ids_ = 0;
}

std::size_t UnackedMessages::memory() const noexcept
{
    return words_.capacity() * sizeof(Word) + ids_.capacity() * sizeof(Id) + id_text_.capacity();
}

} // namespace arbalest::detail
