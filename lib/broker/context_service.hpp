#pragma once

#include <boost/asio/execution_context.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace arbalest::broker {

class Server;

/// Hears from an execution context that it is being destroyed, while its I/O objects can still be taken down.
class ContextService final : public boost::asio::execution_context::service
{
public:
    using key_type = ContextService;

    explicit ContextService(boost::asio::execution_context& context) : service(context) {}

    void add(std::weak_ptr<Server> server);

private:
    void shutdown() override;

    std::mutex mutex_;
    std::vector<std::weak_ptr<Server>> servers_;
};

} // namespace arbalest::broker
