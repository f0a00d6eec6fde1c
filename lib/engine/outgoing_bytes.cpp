#include "outgoing_bytes.hpp"

#include <cassert>
#include <utility>

namespace arbalest::detail {

std::uint64_t OutgoingBytes::append(Frame const& frame, StompVersion version, ContentLength content_length)
{
    auto const position = end();
    if (!wants_ends_) {
        encode(frame, version, waiting_, content_length);
        return position;
    }
    waiting_ends_.push_back(waiting_.size()); // first, because it may fail as well
    try {
        encode(frame, version, waiting_, content_length);
    } catch (...) {
        waiting_ends_.pop_back();
        throw;
    }
    waiting_ends_.back() = waiting_.size();
    return position;
}

void OutgoingBytes::append_heart_beat()
{
    waiting_.reserve(1);
    if (wants_ends_)
        waiting_ends_.push_back(waiting_.size() + 1);
    waiting_.append("\n");
}

void OutgoingBytes::begin_write()
{
    assert(remaining().empty());
    writing_.clear();
    writing_ends_.clear();
    done_ = 0;
    std::swap(waiting_, writing_);
    std::swap(waiting_ends_, writing_ends_);
    taken_ += writing_.size();
}

void OutgoingBytes::written(std::size_t size)
{
    done_ += size;
    accepted_ += size;
    std::erase_if(writing_ends_, [size](std::size_t end) { return end <= size; });
    for (auto& end : writing_ends_)
        end -= size;
}

void OutgoingBytes::end_write(std::size_t most_kept) noexcept
{
    writing_.clear(most_kept);
    done_ = 0;
}

} // namespace arbalest::detail
