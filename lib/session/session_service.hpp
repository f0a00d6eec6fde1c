#pragma once

#include <boost/asio/execution_context.hpp>

#include <condition_variable>
#include <mutex>
#include <set>

namespace arbalest::detail {

class SessionImpl;

/// Knows the sessions of an execution context. When the context goes down before them, it takes their I/O objects and
/// suspended coroutines down with it, so that what is destroyed later touches nothing of the context. Sessions that are
/// being destroyed in other threads at that time are waited for.
class SessionService : public boost::asio::execution_context::service
{
public:
    using key_type = SessionService;
    static boost::asio::execution_context::id id;

    explicit SessionService(boost::asio::execution_context& context) : service(context) {}

    void add(SessionImpl& impl);
    /// The session has let go of everything that belongs to the context.
    void remove(SessionImpl& impl);

private:
    void shutdown() override;

    std::mutex mutex_;
    std::condition_variable removed_;
    std::set<SessionImpl*> cores_;
};

} // namespace arbalest::detail
