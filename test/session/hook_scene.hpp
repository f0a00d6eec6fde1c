#pragma once

#include "reconnect_tools.hpp"
#include "support/raw_peer.hpp"
#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/classic/session_listeners.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace arbalest::test {

/// Each hook's place in the course of a session: the callback, the command of its frame, and which connection it is.
using Moment = std::string;

/// A session that does a bit of everything, with hooks of every kind, one of which does something at one moment.
class HookScene
{
public:
    using Action = std::function<void(HookScene&)>;

    HookScene(asio::any_io_executor executor, bool reconnects, bool graceful, Moment moment, Action action)
        : executor(std::move(executor)), broker(this->executor, broker_config()), reconnects(reconnects),
          graceful(graceful), moment_(std::move(moment)), action_(std::move(action))
    {
        broker.listen();
    }
    HookScene(HookScene const&) = delete;
    HookScene& operator=(HookScene const&) = delete;

    asio::awaitable<void> play()
    {
        try {
            StompClient const client(config());
            session = co_await client.connect(broker.url());
            connected = true;
        } catch (...) {
            // An interceptor has thrown at CONNECT, or swallowed CONNECTED.
        }
        if (connected)
            co_await use_session();
        action_ = nullptr;
        session = StompSession();
        inbox = Subscription();
        other = Subscription();
        co_await until([this] { return broker.connections() == 0; });
        co_await others_go_on();
    }

    /// What must hold whatever the hooks did. Returns what does not; empty if all does.
    std::string fault() const
    {
        if (closed != 1)
            return "on_closed was called " + std::to_string(closed) + " times";
        std::map<std::uint64_t, std::vector<Frame>> connections;
        for (auto const& [connection, frame] : broker.received_frames())
            connections[connection].push_back(frame);
        std::vector<std::string> bodies;
        for (auto const& [number, frames] : connections) {
            std::vector<std::string> subscribed;
            bool sent = false;
            for (auto frame = frames.begin(); frame != frames.end(); ++frame) {
                auto const id = std::string(frame->header("id").value_or(""));
                if (frame->command() == "DISCONNECT" && std::next(frame) != frames.end())
                    return std::string(std::next(frame)->command()) + " comes after DISCONNECT";
                if (frame->command() == "UNSUBSCRIBE" && std::erase(subscribed, id) == 0)
                    return "UNSUBSCRIBE '" + id + "' on a connection that has no such subscription";
                if (frame->command() == "SUBSCRIBE") {
                    subscribed.push_back(id);
                    if (sent && number > 1)
                        return "SUBSCRIBE comes after a SEND on another connection";
                }
                if (frame->command() == "SEND") {
                    sent = true;
                    bodies.emplace_back(frame->body());
                }
            }
        }
        for (auto const& body : confirmed) {
            if (std::ranges::find(bodies, body) == bodies.end())
                return "'" + body + "' was confirmed, but not sent";
        }
        return {};
    }

    asio::any_io_executor const executor;
    EmbeddedBroker broker;
    bool const reconnects;
    bool const graceful;
    StompSession session; // the only handle
    Subscription inbox;
    Subscription other;
    std::vector<Moment> moments; // that came, each once
    std::vector<std::string> confirmed;
    std::vector<std::string> failed_callbacks;
    std::shared_ptr<FrameLog> const log = std::make_shared<FrameLog>();
    bool connected = false;
    bool acted = false;
    int closed = 0;

    class Hooks;
    class Listener;
    std::shared_ptr<Observer> observer;
    std::shared_ptr<Interceptor> interceptor;

    /// Sends a message, and notes whether it was confirmed.
    static asio::awaitable<void> send(HookScene& scene, std::string body)
    {
        try {
            co_await send_confirmed(scene.session, "/queue/sent", body);
            scene.confirmed.push_back(body);
        } catch (...) {
        }
    }

private:
    static BrokerConfig broker_config()
    {
        BrokerConfig config;
        config.server = "RabbitMQ/3.10"; // so that unsettled messages are given back
        config.heart_beat = HeartBeat{10ms, 10ms};
        config.heart_beat_tolerance.receive_scale = 10'000;
        config.close_after_error = false;
        config.frame_log = 1000;
        return config;
    }

    StompConfig config();
    void reached(std::string_view callback, std::string_view command);

    bool is_over() const { return closed > 0; }

    asio::awaitable<void> subscribe()
    {
        inbox = co_await session.subscribe("/queue/inbox", AckMode::client_individual);
        other = co_await session.subscribe("/queue/other");
    }

    asio::awaitable<void> receive()
    {
        auto const message = co_await inbox.next_for(1s);
        if (message)
            co_await session.ack(*message);
    }

    asio::awaitable<void> commit()
    {
        auto transaction = co_await session.begin();
        co_await transaction.send("/queue/transaction", "x");
        co_await transaction.commit();
    }

    asio::awaitable<void> abort_by_dropping() { auto const dropped = co_await session.begin(); }

    asio::awaitable<void> unsubscribe_by_dropping()
    {
        auto const dropped = co_await session.subscribe("/queue/dropped");
    }

    asio::awaitable<void> lose_connection()
    {
        broker.faults().drop_receipts(1);
        auto const sending = start(executor, send(*this, "third"));
        co_await until([&] { return is_over() || sending->done || has_received("third"); });
        broker.faults().clear();
        broker.faults().close_connections();
        co_await finished(sending);
        co_await send(*this, "fourth");
    }

    // Every step may fail: the session has ended, or a hook has thrown.
    asio::awaitable<void> use_session()
    {
        co_await failure_of(subscribe());
        broker.publish("/queue/inbox", "1");
        broker.publish("/queue/inbox", "2");
        co_await failure_of(receive());
        co_await send(*this, "first");
        co_await failure_of(commit());
        co_await failure_of(abort_by_dropping());
        co_await failure_of(unsubscribe_by_dropping());
        auto const beats = heart_beats_;
        co_await until([&] { return is_over() || heart_beats_ > beats; });
        broker.faults().send_raw(frame_bytes("MESSAGE\nsubscription:nobody\nmessage-id:1\ndestination:/queue/x"));
        broker.faults().send_raw(frame_bytes("ERROR\nmessage:nothing"));
        co_await send(*this, "second");
        if (reconnects && !is_over())
            co_await lose_connection();
        co_await failure_of(inbox.unsubscribe());
        co_await failure_of(session.disconnect());
        session = StompSession();
        co_await until([this] { return is_over(); });
    }

    bool has_received(std::string_view body) const
    {
        auto const frames = broker.received_frames();
        return std::ranges::any_of(frames,
                                   [&](ReceivedFrame const& received) { return received.frame.body() == body; });
    }

    Moment const moment_;
    Action action_;
    int connection_ = 0;
    int heart_beats_ = 0;
};

class HookScene::Hooks final : public Observer, public Interceptor
{
public:
    explicit Hooks(HookScene& scene) : scene_(scene) {}

    void on_connecting(std::string_view) override { scene_.reached("on_connecting", ""); }
    void on_transport_connected(std::string_view) override
    {
        ++scene_.connection_;
        scene_.reached("on_transport_connected", "");
    }
    void on_connected(Frame const&) override { scene_.reached("on_connected", ""); }
    void on_frame_sent(Frame const& frame) override { scene_.reached("on_frame_sent", frame.command()); }
    void on_frame_received(Frame const& frame) override { scene_.reached("on_frame_received", frame.command()); }
    void on_heart_beat_sent() override { scene_.reached("on_heart_beat_sent", ""); }
    void on_heart_beat_received() override
    {
        ++scene_.heart_beats_;
        scene_.reached("on_heart_beat_received", "");
    }
    void on_error_frame(Frame const&) override { scene_.reached("on_error_frame", ""); }
    void on_lost(Failure const&) override { scene_.reached("on_lost", ""); }
    void on_waiting(std::chrono::milliseconds, unsigned) override { scene_.reached("on_waiting", ""); }
    void on_closed(Failure const&) override
    {
        ++scene_.closed;
        scene_.reached("on_closed", "");
    }
    void on_callback_failed(std::string_view callback, Failure const&) override
    {
        scene_.failed_callbacks.emplace_back(callback);
    }

    void on_outgoing(Frame& frame) override { scene_.reached("on_outgoing", frame.command()); }
    bool on_incoming(Frame& frame) override
    {
        scene_.reached("on_incoming", frame.command());
        return true;
    }

private:
    HookScene& scene_;
};

class HookScene::Listener final : public classic::ConnectionListener
{
public:
    explicit Listener(HookScene& scene) : scene_(scene) {}

    void on_connecting(classic::HostAndPort const&) override { reached("on_connecting"); }
    void on_connected(Frame const&) override { reached("on_connected"); }
    void on_disconnecting() override { reached("on_disconnecting"); }
    void on_disconnected() override { reached("on_disconnected"); }
    bool on_before_message(Frame&) override
    {
        reached("on_before_message");
        return true;
    }
    void on_message(Frame const&) override { reached("on_message"); }
    void on_receipt(Frame const&) override { reached("on_receipt"); }
    void on_error(Frame const&) override { reached("on_error"); }
    void on_send(Frame& frame) override { scene_.reached("listener.on_send", frame.command()); }
    void on_heartbeat() override { reached("on_heartbeat"); }
    void on_receiver_loop_completed(Frame const&) override { reached("on_receiver_loop_completed"); }

private:
    void reached(std::string const& callback) { scene_.reached("listener." + callback, ""); }

    HookScene& scene_;
};

inline StompConfig HookScene::config()
{
    auto const hooks = std::make_shared<Hooks>(*this);
    observer = hooks;
    interceptor = hooks;
    StompConfig config;
    config.auto_receipt = true;
    config.receipt_timeout = 500ms;
    config.connect_timeout = 500ms;
    config.disconnect_timeout = 500ms;
    config.graceful_disconnect = graceful;
    config.error_frames_are_fatal = false;
    config.heart_beat = HeartBeat{10ms, 10ms};
    config.heart_beat_tolerance.receive_scale = 10'000;
    config.before_connect = [this](ConnectParameters&) -> asio::awaitable<void> {
        reached("before_connect", "");
        co_return;
    };
    if (reconnects) {
        config.reconnect = quick_policy();
        config.reconnect->retry_if = [this](Failure const& failure) {
            reached("retry_if", "");
            return ReconnectPolicy::is_temporary(failure);
        };
    }
    config.observer = hooks;
    config.interceptor = hooks;
    config.on_unhandled = [this](Frame const& frame) { reached("on_unhandled", frame.command()); };
    classic::set_listener(config, "listener", std::make_shared<Listener>(*this));
    std::vector<std::shared_ptr<Observer>> observers{config.observer, log};
    config.observer = combine_observers(std::move(observers));
    return config;
}

inline void HookScene::reached(std::string_view callback, std::string_view command)
{
    Moment moment(callback);
    if (!command.empty())
        moment.append(" ").append(command);
    moment.append(" #").append(std::to_string(connection_));
    if (std::ranges::find(moments, moment) == moments.end())
        moments.push_back(moment);
    if (moment != moment_ || acted || !action_)
        return;
    acted = true;
    action_(*this);
}

} // namespace arbalest::test
