#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <functional>

namespace arbalest::classic::detail {

/// What can be learned about the context behind an executor, also through strands. Of a context of an unknown kind
/// nothing is known, and both answers are no.
class ContextProbe
{
public:
    explicit ContextProbe(boost::asio::any_io_executor const& executor);

    /// Whether this thread runs the context: then it must not wait for the context, in a strand or not.
    bool runs_here() const { return runs_here_ && runs_here_(); }
    /// Whether the context was stopped, so that it does nothing until somebody restarts it.
    bool is_stopped() const { return is_stopped_ && is_stopped_(); }

private:
    void look_into(boost::asio::any_io_executor const& executor);
    template <class Executor>
    bool take(boost::asio::any_io_executor const& executor);
    template <class Executor>
    bool take_each(boost::asio::any_io_executor const& executor);

    std::function<bool()> runs_here_;
    std::function<bool()> is_stopped_;
};

} // namespace arbalest::classic::detail
