#include "context_probe.hpp"

#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

namespace arbalest::classic::detail {

namespace asio = boost::asio;

namespace {

template <class Executor>
using Tracked =
    decltype(asio::require(std::declval<Executor const&>(), asio::execution::outstanding_work_t::tracked_t()));
template <class Executor>
using NeverBlocking = decltype(asio::require(std::declval<Executor const&>(), asio::execution::blocking_t::never_t()));

} // namespace

ContextProbe::ContextProbe(asio::any_io_executor const& executor)
{
    look_into(executor);
}

void ContextProbe::look_into(asio::any_io_executor const& executor)
{
    if (auto const* const strand = executor.target<asio::strand<asio::any_io_executor>>())
        look_into(strand->get_inner_executor());
    else
        take_each<asio::io_context::executor_type>(executor) || take_each<asio::thread_pool::executor_type>(executor);
}

template <class Executor>
bool ContextProbe::take_each(asio::any_io_executor const& executor)
{
    return take<Executor>(executor) || take<Tracked<Executor>>(executor) || take<NeverBlocking<Executor>>(executor) ||
           take<NeverBlocking<Tracked<Executor>>>(executor);
}

template <class Executor>
bool ContextProbe::take(asio::any_io_executor const& executor)
{
    auto const* found = executor.target<Executor>();
    if (auto const* const strand = executor.target<asio::strand<Executor>>()) {
        auto const inner = strand->get_inner_executor();
        look_into(inner);
        return true;
    }
    if (!found)
        return false;
    runs_here_ = [executor = *found] { return executor.running_in_this_thread(); };
    if constexpr (requires { found->context().stopped(); })
        is_stopped_ = [context = &found->context()] { return context->stopped(); };
    return true;
}

} // namespace arbalest::classic::detail
