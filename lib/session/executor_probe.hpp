#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <optional>
#include <variant>

namespace arbalest::detail {

/// Answers whether this thread runs inside an executor right now. A type-erased executor cannot be asked, and comparing
/// executors is wrong both ways; so the usual ones are looked for inside. Of any other we never are, which costs a hop
/// and is always right.
class ExecutorProbe
{
public:
    explicit ExecutorProbe(boost::asio::any_io_executor const& executor)
    {
        take<boost::asio::io_context::executor_type>(executor) ||
            take<boost::asio::strand<boost::asio::io_context::executor_type>>(executor) ||
            take<boost::asio::strand<boost::asio::any_io_executor>>(executor) ||
            take<boost::asio::strand<boost::asio::thread_pool::executor_type>>(executor);
    }

    bool running_here() const noexcept
    {
        return std::visit(
            [](auto const& executor) {
                if constexpr (requires { executor.running_in_this_thread(); })
                    return executor.running_in_this_thread();
                else
                    return false;
            },
            executor_);
    }

private:
    template <class Executor>
    bool take(boost::asio::any_io_executor const& executor)
    {
        auto const* const found = executor.target<Executor>();
        if (found)
            executor_.emplace<Executor>(*found);
        return found != nullptr;
    }

    std::variant<std::monostate, boost::asio::io_context::executor_type,
                 boost::asio::strand<boost::asio::io_context::executor_type>,
                 boost::asio::strand<boost::asio::any_io_executor>,
                 boost::asio::strand<boost::asio::thread_pool::executor_type>>
        executor_;
};

} // namespace arbalest::detail
