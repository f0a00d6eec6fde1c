#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/detail/call_stack.hpp>
#include <boost/asio/detail/strand_executor_service.hpp>
#include <boost/asio/detail/thread_context.hpp>
#include <boost/asio/detail/thread_info_base.hpp>

#include <utility>

namespace arbalest::detail {

/// Answers whether this thread runs inside an executor right now. A type-erased executor cannot be asked, and comparing
/// executors is wrong both ways; so Asio's own are looked for inside.
///
/// It holds only the address by which Asio knows the executor on the stack of what a thread runs. So it may be asked in
/// any thread, also while the execution context is being destroyed, and when that is gone.
class ExecutorProbe
{
public:
    explicit ExecutorProbe(boost::asio::any_io_executor const& executor);

    /// Whether running_here() can ever be true.
    bool knows_executor() const noexcept { return context_ || strand_; }

    bool running_here() const noexcept
    {
        // What it nearly always is.
        if (context_)
            return Contexts::contains(context_) != nullptr;
        return strand_ && Strands::contains(strand_) != nullptr;
    }

private:
    using Strand = boost::asio::detail::strand_executor_service::implementation_type::element_type;
    using Context = boost::asio::detail::thread_context;
    using Contexts = boost::asio::detail::call_stack<Context, boost::asio::detail::thread_info_base>;
    using Strands = boost::asio::detail::call_stack<Strand>;

    Context* context_ = nullptr;
    Strand* strand_ = nullptr;
};

/// The executor for a session that is to live on `executor`: that one, or a strand around it where it could not be
/// asked whether we are inside, or may run handlers in several threads at once.
boost::asio::any_io_executor session_executor(boost::asio::any_io_executor executor);

} // namespace arbalest::detail
