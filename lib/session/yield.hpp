#pragma once

#include "wait_handler.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <new>
#include <utility>

namespace arbalest::detail {

/// Where a coroutine waits for its turn: lives in its frame.
class YieldPoint
{
public:
    YieldPoint() = default;
    YieldPoint(YieldPoint const&) = delete;
    YieldPoint& operator=(YieldPoint const&) = delete;

private:
    friend struct StartYield;

    /// What is posted. The coroutine is destroyed with it.
    class Turn
    {
    public:
        explicit Turn(YieldPoint& point) noexcept : point_(&point) {}
        Turn(Turn&& other) noexcept : point_(std::exchange(other.point_, nullptr)) {}
        Turn& operator=(Turn&&) = delete;
        ~Turn()
        {
            if (point_ && point_->is_posted_)
                WaitHandler const destroyed(std::move(point_->handler_));
        }
        void operator()()
        {
            WaitHandler last(std::move(std::exchange(point_, nullptr)->handler_));
            last({});
        }

    private:
        YieldPoint* point_;
    };

    WaitHandler handler_;
    bool is_posted_ = false;
};

struct StartYield
{
    template <class Handler>
    void operator()(Handler handler, YieldPoint* point, boost::asio::any_io_executor const* executor) const
    {
        point->handler_.emplace(std::move(handler), *executor);
        try {
            post_here(*executor, YieldPoint::Turn(*point));
            point->is_posted_ = true;
        } catch (std::bad_alloc const&) {
            // Then nothing runs in between. The exception would leave io_context::run(), without the coroutine.
            WaitHandler last(std::move(point->handler_));
            last({});
        }
    }
};

/// Lets other work on the executor run: `co_await yield(executor, point)`, where that is the coroutine's own executor,
/// on which this runs. Both must live until then.
inline auto yield(boost::asio::any_io_executor const& executor, YieldPoint& point)
{
    return boost::asio::async_initiate<boost::asio::deferred_t const, void(boost::system::error_code)>(
        StartYield(), boost::asio::deferred, &point, &executor);
}

} // namespace arbalest::detail
