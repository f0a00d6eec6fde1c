#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace arbalest::detail {

/// A queue in one piece of memory. What has been taken leaves room in front, which is used again when the queue is
/// empty, or instead of growing where most of it is such room.
template <class Value>
class VectorQueue
{
public:
    bool empty() const noexcept { return first_ == values_.size(); }
    std::size_t size() const noexcept { return values_.size() - first_; }
    Value& front() noexcept { return values_[first_]; }
    Value const& front() const noexcept { return values_[first_]; }
    Value const& back() const noexcept { return values_.back(); }

    void push_back(Value value)
    {
        if (values_.size() == values_.capacity() && first_ > values_.size() / 2)
            move_to_front();
        values_.push_back(std::move(value));
    }

    /// What is in front is gone, with whatever it held.
    void pop_front()
    {
        values_[first_] = Value();
        if (++first_ == values_.size())
            clear();
    }

    void clear() noexcept
    {
        if (values_.capacity() > kept_when_empty)
            values_ = std::vector<Value>();
        values_.clear();
        first_ = 0;
    }

    template <class Predicate>
    void erase_if(Predicate predicate)
    {
        move_to_front();
        std::erase_if(values_, predicate);
    }

private:
    static constexpr std::size_t kept_when_empty = 4096;

    void move_to_front()
    {
        values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }

    std::vector<Value> values_;
    std::size_t first_ = 0; // of those that are left
};

} // namespace arbalest::detail
