#pragma once

#include "post_here.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/system/error_code.hpp>

#include <cassert>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace arbalest::detail {

/// What lets a suspended coroutine of this library's go on: a completion handler of whatever type, kept in here without
/// an allocation.
class WaitHandler
{
public:
    WaitHandler() noexcept = default;
    WaitHandler(WaitHandler&& other) noexcept : kind_(std::exchange(other.kind_, nullptr))
    {
        if (kind_)
            kind_->relocate(other.storage_, storage_);
    }
    WaitHandler& operator=(WaitHandler&&) = delete;
    ~WaitHandler()
    {
        if (kind_)
            kind_->destroy(storage_);
    }

    /// @param home where the coroutine is going to be woken, and lives.
    template <class Handler>
    void emplace(Handler handler, [[maybe_unused]] boost::asio::any_io_executor const& home)
    {
        assert(boost::asio::get_associated_executor(handler) == home);
        // What `co_await` makes of a deferred operation is a pointer or two.
        static_assert(sizeof(Handler) <= capacity && alignof(Handler) <= alignof(std::max_align_t));
        static_assert(std::is_nothrow_move_constructible_v<Handler>);
        ::new (storage_) Handler(std::move(handler));
        kind_ = &kind_of<Handler>;
    }

    explicit operator bool() const noexcept { return kind_ != nullptr; }

    boost::asio::cancellation_slot cancellation_slot() const noexcept { return kind_->cancellation_slot(storage_); }

    /// Lets the coroutine go on later, at home. Nothing is left in here.
    void post(boost::asio::any_io_executor const& home, boost::system::error_code code)
    {
        std::exchange(kind_, nullptr)->post(storage_, home, code);
    }

    /// Lets it go on right here. Nothing is left in here.
    void operator()(boost::system::error_code code) { std::exchange(kind_, nullptr)->invoke(storage_, code); }

private:
    static constexpr std::size_t capacity = 4 * sizeof(void*);

    struct Kind
    {
        void (*relocate)(void* from, void* to) noexcept;
        void (*destroy)(void*) noexcept;
        boost::asio::cancellation_slot (*cancellation_slot)(void const*) noexcept;
        void (*post)(void*, boost::asio::any_io_executor const&, boost::system::error_code);
        void (*invoke)(void*, boost::system::error_code);
    };

    template <class Handler>
    static Handler take(void* storage) noexcept
    {
        auto* const handler = std::launder(static_cast<Handler*>(storage));
        Handler taken(std::move(*handler));
        std::destroy_at(handler);
        return taken;
    }

    template <class Handler>
    static constexpr Kind kind_of{
        [](void* from, void* to) noexcept { ::new (to) Handler(take<Handler>(from)); },
        [](void* storage) noexcept { take<Handler>(storage); },
        [](void const* storage) noexcept {
            boost::asio::cancellation_slot slot =
                boost::asio::get_associated_cancellation_slot(*std::launder(static_cast<Handler const*>(storage)));
            return slot;
        },
        [](void* storage, boost::asio::any_io_executor const& home, boost::system::error_code code) {
            post_here(home, boost::asio::append(take<Handler>(storage), code));
        },
        [](void* storage, boost::system::error_code code) {
            auto handler = take<Handler>(storage);
            std::move(handler)(code);
        },
    };

    alignas(std::max_align_t) std::byte storage_[capacity];
    Kind const* kind_ = nullptr;
};

} // namespace arbalest::detail
