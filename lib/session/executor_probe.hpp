#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <utility>
#include <variant>

namespace arbalest::detail {

/// Answers whether this thread runs inside an executor right now. A type-erased executor cannot be asked, and comparing
/// executors is wrong both ways; so the usual ones are looked for inside.
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

    /// Whether running_here() can ever be true.
    bool knows_executor() const noexcept { return !std::holds_alternative<std::monostate>(executor_); }

    bool running_here() const noexcept
    {
        // What it nearly always is, without a call by way of a table.
        if (auto const* const io = std::get_if<boost::asio::io_context::executor_type>(&executor_))
            return io->running_in_this_thread();
        return other_running_here();
    }

private:
    [[gnu::noinline]] bool other_running_here() const noexcept
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

/// The executor for a session that is to live on `executor`: that one, or a strand around it where it could not be
/// asked whether we are inside, or may run handlers in several threads at once.
inline boost::asio::any_io_executor session_executor(boost::asio::any_io_executor executor)
{
    if (ExecutorProbe(executor).knows_executor())
        return executor;
    return boost::asio::make_strand(std::move(executor));
}

} // namespace arbalest::detail
