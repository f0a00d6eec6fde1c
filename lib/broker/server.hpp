#pragma once

#include "core.hpp"
#include "fault_plan.hpp"
#include "frame_log.hpp"
#include "listener.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace arbalest::broker {

class Connection;

/// What is behind an EmbeddedBroker: the core, the listeners and the connections. Whoever touches any of them holds a
/// Turn; so the broker may be used from any thread.
class Server : public std::enable_shared_from_this<Server>
{
public:
    /// Locks the server, and at the end starts what has become possible meanwhile.
    class Turn
    {
    public:
        explicit Turn(Server& server) : server_(server), lock_(server.mutex_) {}
        ~Turn() { server_.settle(); }
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;

    private:
        Server& server_;
        std::lock_guard<std::mutex> lock_;
    };

    static std::shared_ptr<Server> make(boost::asio::any_io_executor executor, BrokerConfig config);
    Server(boost::asio::any_io_executor executor, BrokerConfig config);
    ~Server();

    // These lock by themselves.
    void listen(Listen kind, std::uint16_t port);
    void stop();
    /// The execution context is being destroyed: nothing may touch it any more.
    void abandon() noexcept;

    // These are called in a Turn.
    Core& core() noexcept { return core_; }
    FaultPlan& faults() noexcept { return faults_; }
    FrameLog& log() noexcept { return log_; }
    boost::asio::any_io_executor const& executor() const noexcept { return executor_; }
    /// The kind that was listened on first; TCP before.
    Listen first_kind() const noexcept { return endpoints_.empty() ? Listen::tcp : endpoints_.front().kind; }
    std::uint16_t port(Listen kind) const noexcept;
    std::string url(Listen kind) const;
    std::optional<WebSocketHandshake> const& last_handshake() const noexcept { return last_handshake_; }
    std::size_t connections() const noexcept { return connections_.size(); }
    /// A copy, so that connections may go while one looks at them.
    std::vector<std::shared_ptr<Connection>> all_connections() const;
    void touched(std::shared_ptr<Connection> connection) { touched_.push_back(std::move(connection)); }
    void forget(std::uint64_t connection) noexcept { connections_.erase(connection); }

private:
    // Where one kind of connections is or was accepted.
    struct Endpoint
    {
        Listen kind = Listen::tcp;
        std::uint16_t port = 0;
        std::shared_ptr<Listener> listener; // none while it does not listen
    };

    Endpoint* find(Listen kind) noexcept;
    std::shared_ptr<Listener> make_listener(Listen kind, std::uint16_t port);
    void settle() noexcept;
    void accepted(Listener const* listener, boost::system::error_code error, std::unique_ptr<ByteStream> stream);

    std::mutex mutex_;
    boost::asio::any_io_executor executor_; // empty once the context is gone
    Core core_;
    FaultPlan faults_;
    FrameLog log_;
    std::vector<Endpoint> endpoints_; // in the order in which they were listened on first
    std::optional<WebSocketHandshake> last_handshake_;
    std::uint64_t last_connection_ = 0;
    std::unordered_map<std::uint64_t, std::shared_ptr<Connection>> connections_;
    std::vector<std::shared_ptr<Connection>> touched_;
};

} // namespace arbalest::broker
