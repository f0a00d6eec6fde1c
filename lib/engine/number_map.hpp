#pragma once

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace arbalest::detail {

/// Values by numbers that are given out one after the other, never zero, and that are mostly gone before many more have
/// come: each has the place that its low bits name. The few that find theirs taken go elsewhere.
template <class Value>
class NumberMap
{
public:
    using Number = std::uint64_t;

    std::size_t size() const noexcept { return placed_ + others_.size(); }
    bool empty() const noexcept { return size() == 0; }
    bool contains(Number number) const { return find(number) != nullptr; }

    Value const* find(Number number) const
    {
        if (!places_.empty()) {
            auto const& place = places_[position(number)];
            if (place.number == number)
                return &place.value;
        }
        if (others_.empty())
            return nullptr;
        auto const found = others_.find(number);
        return found == others_.end() ? nullptr : &found->second;
    }
    Value* find(Number number) { return const_cast<Value*>(std::as_const(*this).find(number)); }

    /// Adds what is not there yet.
    void insert(Number number, Value value)
    {
        if (2 * placed_ >= places_.size())
            grow();
        put(number, std::move(value));
    }

    /// Takes it out into `value`. Returns false when it is not there.
    bool take(Number number, Value& value)
    {
        if (!places_.empty()) {
            auto& place = places_[position(number)];
            if (place.number == number) {
                place.number = 0;
                value = std::exchange(place.value, Value());
                --placed_;
                if (places_.size() > always_kept && placed_ < places_.size() / 16)
                    shrink();
                return true;
            }
        }
        return !others_.empty() && take_other(number, value);
    }

    /// Returns false when it is not there.
    bool erase(Number number)
    {
        Value value{};
        return take(number, value);
    }

private:
    static constexpr std::size_t fewest_places = 8;
    static constexpr std::size_t always_kept = 4096;

    struct Place
    {
        Number number = 0; // 0: free
        Value value{};
    };

    std::size_t position(Number number) const noexcept
    {
        return static_cast<std::size_t>(number) & (places_.size() - 1);
    }

    bool take_other(Number number, Value& value)
    {
        auto const found = others_.find(number);
        if (found == others_.end())
            return false;
        value = std::move(found->second);
        others_.erase(found);
        if (others_.empty() && others_.bucket_count() > always_kept)
            others_ = boost::unordered_flat_map<Number, Value>();
        return true;
    }

    void put(Number number, Value value)
    {
        auto& place = places_[position(number)];
        if (place.number != 0) {
            others_.emplace(number, std::move(value));
            return;
        }
        place.number = number;
        place.value = std::move(value);
        ++placed_;
    }

    void grow()
    {
        std::vector<Place> larger(places_.empty() ? fewest_places : 2 * places_.size());
        // Those that have a place each have one each in the larger one, too.
        for (auto& place : places_) {
            if (place.number != 0)
                larger[static_cast<std::size_t>(place.number) & (larger.size() - 1)] = std::move(place);
        }
        places_ = std::move(larger);
        for (auto it = others_.begin(); it != others_.end();) {
            if (places_[position(it->first)].number == 0) {
                put(it->first, std::move(it->second));
                others_.erase(it++);
            } else {
                ++it;
            }
        }
    }

    // Gives memory back. Without any for the smaller one, that is put off.
    void shrink() noexcept
    {
        if (placed_ == 0) {
            places_ = std::vector<Place>();
            return;
        }
        try {
            std::vector<Place> smaller(places_.size() / 4);
            auto const place_in_smaller = [&smaller](Number number) -> Place& {
                return smaller[static_cast<std::size_t>(number) & (smaller.size() - 1)];
            };
            std::size_t without_place = 0;
            for (auto const& place : places_) {
                if (place.number == 0)
                    continue;
                if (auto& to = place_in_smaller(place.number); to.number == 0)
                    to.number = place.number;
                else
                    ++without_place;
            }
            others_.reserve(others_.size() + without_place);
            for (auto& place : places_) {
                if (place.number == 0)
                    continue;
                if (auto& to = place_in_smaller(place.number); to.number == place.number)
                    to.value = std::move(place.value);
                else
                    others_.emplace(place.number, std::move(place.value));
            }
            placed_ -= without_place;
            places_ = std::move(smaller);
        } catch (std::bad_alloc const&) {
        }
    }

    std::vector<Place> places_; // a power of two, at most half of it used
    std::size_t placed_ = 0;
    boost::unordered_flat_map<Number, Value> others_;
};

} // namespace arbalest::detail
