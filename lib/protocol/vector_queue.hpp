#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace arbalest::detail {

/// A queue in one piece of memory. What has been taken leaves room in front, which is used again when the queue is
/// empty, or instead of growing where most of it is such room.
template <class Value>
class VectorQueue
{
public:
    bool empty() const noexcept { return first_ == end_; }
    std::size_t size() const noexcept { return end_ - first_; }
    Value& front() noexcept { return values_[first_]; }
    Value const& front() const noexcept { return values_[first_]; }
    Value const& back() const noexcept { return values_[end_ - 1]; }
    /// By its position, counted from the front.
    Value& operator[](std::size_t position) noexcept { return values_[first_ + position]; }
    Value const& operator[](std::size_t position) const noexcept { return values_[first_ + position]; }
    /// For how many there is memory.
    std::size_t capacity() const noexcept { return capacity_; }

    void push_back(Value&& value)
    {
        if (end_ == capacity_)
            make_room();
        values_[end_] = std::move(value);
        ++end_;
    }

    /// What is in front is gone, with whatever it held.
    void pop_front()
    {
        values_[first_] = Value();
        if (++first_ == end_)
            clear();
    }

    /// The one in front, which is gone from the queue then. What has been moved from must hold nothing.
    Value take_front()
    {
        Value taken = std::move(values_[first_]);
        if (++first_ == end_)
            clear();
        return taken;
    }

    void clear() noexcept
    {
        if (capacity_ > kept_when_empty) {
            values_.reset();
            capacity_ = 0;
        } else {
            forget(first_, end_);
        }
        first_ = end_ = 0;
    }

    template <class Predicate>
    void erase_if(Predicate predicate)
    {
        auto* const end = values_.get() + end_;
        auto* const kept = std::remove_if(values_.get() + first_, end, predicate);
        auto const kept_end = static_cast<std::size_t>(kept - values_.get());
        forget(kept_end, end_);
        end_ = kept_end;
        if (empty())
            clear();
        else if (capacity_ > kept_when_empty && size() < capacity_ / 8)
            shrink();
    }

private:
    static constexpr std::size_t kept_when_empty = 4096;
    static constexpr std::size_t first_capacity = 16;

    void move_to(std::size_t capacity)
    {
        auto larger_or_smaller = std::make_unique<Value[]>(capacity);
        auto const left = size();
        std::move(values_.get() + first_, values_.get() + end_, larger_or_smaller.get());
        values_ = std::move(larger_or_smaller);
        capacity_ = capacity;
        first_ = 0;
        end_ = left;
    }

    // Gives memory back. Without any for the smaller one, that is put off.
    void shrink() noexcept
    {
        try {
            move_to(capacity_ / 4);
        } catch (std::bad_alloc const&) {
        }
    }

    void make_room()
    {
        // Where most of it is room in front, that is enough.
        auto const capacity = first_ > capacity_ / 2 ? capacity_ : std::max(2 * capacity_, first_capacity);
        if (capacity != capacity_) {
            move_to(capacity);
            return;
        }
        auto const left = size();
        std::move(values_.get() + first_, values_.get() + end_, values_.get());
        forget(first_, end_);
        first_ = 0;
        end_ = left;
    }

    void forget(std::size_t from, std::size_t to) noexcept
    {
        for (auto i = from; i < to; ++i)
            values_[i] = Value();
    }

    std::unique_ptr<Value[]> values_; // those that are none of the queue hold nothing
    std::size_t capacity_ = 0;
    std::size_t first_ = 0;
    std::size_t end_ = 0;
};

} // namespace arbalest::detail
