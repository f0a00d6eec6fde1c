#pragma once

#include "session_tools.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <thread>
#include <utility>

namespace arbalest::test {

/// Sessions and broker live on an io_context of their own, with a thread of their own; the test runs on another.
class Elsewhere : public ContextFixture
{
public:
    Elsewhere() : broker(sessions.get_executor())
    {
        broker.listen();
        thread = std::thread([this] { sessions.run(); });
    }
    ~Elsewhere()
    {
        broker.stop();
        work.reset();
        sessions.stop();
        thread.join();
    }

    asio::awaitable<StompSession> connect(StompConfig config = StompConfig()) const
    {
        StompClient const client(sessions_executor, std::move(config));
        return client.connect(broker.url());
    }

    bool here() { return std::this_thread::get_id() == main_thread && context.get_executor().running_in_this_thread(); }

    std::thread::id const main_thread = std::this_thread::get_id();
    asio::io_context sessions;
    asio::any_io_executor const sessions_executor = sessions.get_executor();
    asio::executor_work_guard<asio::io_context::executor_type> work{sessions.get_executor()};
    EmbeddedBroker broker;
    std::thread thread;
};

} // namespace arbalest::test
