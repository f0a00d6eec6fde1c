#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cassert>
#include <utility>

// Trips through the scheduler. asio::post() on an erased executor, of a handler that has one, goes through three of
// them; where all are the same, one is enough.
namespace arbalest::detail {

/// Posts a handler that is to run on this very executor.
template <class Handler>
void post_here(boost::asio::any_io_executor const& executor, Handler handler)
{
    if (auto const* const io = executor.target<boost::asio::io_context::executor_type>())
        boost::asio::post(*io, boost::asio::bind_executor(*io, std::move(handler)));
    else
        boost::asio::post(executor, boost::asio::bind_executor(executor, std::move(handler)));
}

struct StartYield
{
    template <class Handler>
    void operator()(Handler handler, boost::asio::any_io_executor const* executor) const
    {
        assert(boost::asio::get_associated_executor(handler) == *executor);
        post_here(*executor, std::move(handler));
    }
};

/// Lets other work on the executor run: `co_await yield(executor)`, where that is the coroutine's own executor, which
/// must live until then.
inline auto yield(boost::asio::any_io_executor const& executor)
{
    return boost::asio::async_initiate<boost::asio::deferred_t const, void()>(StartYield(), boost::asio::deferred,
                                                                              &executor);
}

} // namespace arbalest::detail
