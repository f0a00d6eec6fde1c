#include "../protocol/client_frames.hpp"
#include "core.hpp"
#include "subprotocol.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <string>
#include <utility>

// How a session begins: CONNECT and CONNECTED.
namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

// Lets go of a session whose opening did not succeed.
class OpeningGuard
{
public:
    explicit OpeningGuard(Core& core) noexcept : core_(&core) {}
    OpeningGuard(OpeningGuard const&) = delete;
    OpeningGuard& operator=(OpeningGuard const&) = delete;
    ~OpeningGuard()
    {
        if (core_)
            core_->lease_ended();
    }
    void succeeded() noexcept { core_ = nullptr; }

private:
    Core* core_;
};

} // namespace

asio::awaitable<StompSession> Core::open(asio::any_io_executor executor, std::unique_ptr<Transport> transport,
                                         std::shared_ptr<StompConfig const> config, Handshake handshake)
{
    auto const core = std::make_shared<Core>(executor, std::move(config));
    OpeningGuard guard(*core);
    core->start(std::move(transport), handshake);
    while (!core->finished_ && core->conversation_.state() == Conversation::State::connecting) {
        Waiter waiter;
        co_await core->connecting_.wait(core->executor_, waiter);
    }
    if (core->finished_)
        core->cause_->raise();
    guard.succeeded();
    co_return StompSession(std::make_shared<Lease>(core));
}

void Core::start(std::unique_ptr<Transport> transport, Handshake const& handshake)
{
    link_ = std::make_shared<Link>(std::move(transport), config_->limits);
    ++connection_;
    observe([&](Observer& observer) { observer.on_connecting(handshake.url); });
    ConnectRequest request;
    request.host = handshake.host;
    request.login = handshake.login;
    request.passcode = handshake.passcode;
    request.client_id = config_->client_id;
    request.accept_versions = config_->accept_versions;
    request.heart_beat = config_->heart_beat;
    request.headers = &handshake.headers;
    request.stomp_command = config_->connect_with_stomp_command;
    auto frame = connect_frame(request);
    conversation_.start();
    write(frame, nullptr, TransmitOptions());
    if (finished_) // a hook has ended it
        return;
    // Last, because they start at once, and a transport that fails at once ends the session here.
    auto const self = shared_from_this();
    auto const link = link_;
    asio::co_spawn(executor_, run_reader(self, link), asio::detached);
    asio::co_spawn(executor_, run_writer(self, link), asio::detached);
}

void Core::handle_connected(Frame const& frame, Link& link)
{
    if (config_->websocket.check_subprotocol) {
        auto const subprotocol = link.transport->subprotocol();
        auto const named = version_of_subprotocol(subprotocol);
        if (named && *named != conversation_.version()) {
            finish(std::make_shared<MalformedFrame>("the broker chose version " +
                                                        std::string(to_string(conversation_.version())) +
                                                        ", but the subprotocol '" + subprotocol + "'",
                                                    link.decoder.offset()),
                   CloseReason::error);
            return;
        }
    }
    link.decoder.set_version(conversation_.version());
    version_ = conversation_.version();
    {
        std::lock_guard const lock(info_mutex_);
        server_ = conversation_.server();
        heart_beat_ = conversation_.negotiated_heart_beat();
    }
    open_ = true;
    connecting_.wake_all(executor_);
    observe([&](Observer& observer) { observer.on_connected(frame); });
}

} // namespace arbalest::detail
