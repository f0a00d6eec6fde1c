#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace arbalest::detail {

/// Posts a handler that is to run on this very executor. asio::post() on an erased executor, of a handler that has one,
/// goes through three of them; where all are the same, one is enough.
template <class Handler>
void post_here(boost::asio::any_io_executor const& executor, Handler handler)
{
    if (auto const* const io = executor.target<boost::asio::io_context::executor_type>())
        boost::asio::post(*io, boost::asio::bind_executor(*io, std::move(handler)));
    else
        boost::asio::post(executor, boost::asio::bind_executor(executor, std::move(handler)));
}

} // namespace arbalest::detail
