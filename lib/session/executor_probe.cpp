#include "executor_probe.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

using StrandImplementation = asio::detail::strand_executor_service::implementation_type;
using ContextStrand = asio::strand<asio::io_context::executor_type>;
using AnyStrand = asio::strand<asio::any_io_executor>;
using PoolStrand = asio::strand<asio::thread_pool::executor_type>;

// Strands do not tell what they are known by; but an explicit instantiation may name a private member.
template <class Strand, auto Member>
struct StrandAccess
{
    friend StrandImplementation const& implementation_of(Strand const& strand) noexcept { return strand.*Member; }
};

StrandImplementation const& implementation_of(ContextStrand const& strand) noexcept;
StrandImplementation const& implementation_of(AnyStrand const& strand) noexcept;
StrandImplementation const& implementation_of(PoolStrand const& strand) noexcept;

template struct StrandAccess<ContextStrand, &ContextStrand::impl_>;
template struct StrandAccess<AnyStrand, &AnyStrand::impl_>;
template struct StrandAccess<PoolStrand, &PoolStrand::impl_>;

template <class Strand>
StrandImplementation::element_type* key_in(asio::any_io_executor const& executor) noexcept
{
    auto const* const found = executor.target<Strand>();
    return found ? implementation_of(*found).get() : nullptr;
}

} // namespace

ExecutorProbe::ExecutorProbe(asio::any_io_executor const& executor)
{
    if (auto const* const found = executor.target<asio::io_context::executor_type>())
        context_ = &asio::use_service<asio::detail::io_context_impl>(found->context());
    else if ((strand_ = key_in<ContextStrand>(executor)) == nullptr &&
             (strand_ = key_in<AnyStrand>(executor)) == nullptr)
        strand_ = key_in<PoolStrand>(executor);
}

asio::any_io_executor session_executor(asio::any_io_executor executor)
{
    if (ExecutorProbe(executor).knows_executor())
        return executor;
    return asio::make_strand(std::move(executor));
}

} // namespace arbalest::detail
