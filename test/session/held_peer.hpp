#pragma once

#include "session/broker_list.hpp"
#include "session/session_impl.hpp"
#include "support/raw_peer.hpp"
#include <arbalest/protocol/frame_decoder.hpp>
#include <arbalest/transport/transport.hpp>

#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arbalest::test {

/// The other end of a HeldTransport: it decides when a write is accepted, what is read, and how both end.
class HeldPeer
{
public:
    explicit HeldPeer(asio::any_io_executor executor)
        : executor(executor), changed_(executor, std::chrono::steady_clock::time_point::max())
    {
    }

    /// Lets the session read these bytes, at once.
    void send(std::string_view bytes)
    {
        unread_ += bytes;
        changed_.cancel();
    }
    /// Ends reading and writing, behind what was sent.
    void end()
    {
        ended_ = true;
        changed_.cancel();
    }
    void hold_writes(bool on)
    {
        holds_ = on;
        changed_.cancel();
    }
    static std::string receipt_for(Frame const& frame)
    {
        return frame_bytes("RECEIPT\nreceipt-id:" + std::string(frame.header("receipt").value_or("")));
    }
    /// Lets go of what has come, and of the memory that it took.
    void forget()
    {
        frames = std::vector<Frame>();
        decoder_.release_if_empty();
    }
    /// The frames with that command that have come.
    std::vector<Frame> all(std::string_view command) const
    {
        std::vector<Frame> result;
        std::ranges::copy_if(frames, std::back_inserter(result),
                             [&](Frame const& frame) { return frame.command() == command; });
        return result;
    }

    asio::any_io_executor executor;
    std::vector<Frame> frames;  // that have come
    bool answers = true;        // every frame that asks for a receipt; CONNECT in any case
    bool is_writing = false;    // a write is held
    std::vector<Frame> writing; // what is in it

private:
    friend class HeldTransport;

    void came(Frame frame)
    {
        if (frame.command() == "CONNECT")
            send(frame_bytes("CONNECTED\nversion:1.2\nheart-beat:0,0"));
        else if (answers && frame.header("receipt"))
            send(receipt_for(frame));
        frames.push_back(std::move(frame));
    }

    std::string unread_;
    bool ended_ = false;
    bool holds_ = false;
    FrameDecoder decoder_;
    asio::steady_timer changed_;
};

/// A transport that does what its HeldPeer says.
class HeldTransport final : public Transport
{
public:
    explicit HeldTransport(std::shared_ptr<HeldPeer> peer) : peer_(std::move(peer)) {}

    asio::any_io_executor get_executor() override { return peer_->executor; }

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer) override
    {
        auto const peer = peer_;
        while (peer->unread_.empty() && !peer->ended_)
            co_await wait_for_change(*peer);
        if (peer->unread_.empty())
            throw boost::system::system_error(asio::error::eof);
        auto const size = std::min(buffer.size(), peer->unread_.size());
        std::memcpy(buffer.data(), peer->unread_.data(), size);
        peer->unread_.erase(0, size);
        if (peer->unread_.empty())
            peer->unread_.shrink_to_fit();
        co_return size;
    }

    asio::awaitable<std::size_t> write_some(asio::const_buffer buffer, std::span<std::size_t const>) override
    {
        auto const peer = peer_;
        auto const size = buffer.size();
        auto const room = peer->decoder_.prepare(size);
        std::memcpy(room.data(), buffer.data(), size);
        peer->decoder_.commit(size);
        peer->writing.clear();
        while (auto frame = peer->decoder_.next())
            peer->writing.push_back(std::move(*frame));
        peer->is_writing = true;
        while (peer->holds_ && !peer->ended_)
            co_await wait_for_change(*peer);
        peer->is_writing = false;
        if (peer->ended_)
            throw boost::system::system_error(asio::error::connection_reset);
        for (auto& frame : std::exchange(peer->writing, {}))
            peer->came(std::move(frame));
        co_return size;
    }

    asio::awaitable<void> close(CloseReason) override
    {
        peer_->end();
        co_return;
    }

    void abort() noexcept override { peer_->end(); }

private:
    static asio::awaitable<void> wait_for_change(HeldPeer& peer)
    {
        boost::system::error_code ignored;
        co_await peer.changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }

    std::shared_ptr<HeldPeer> peer_;
};

/// A session on HeldTransports, which are given to it one after the other: by itself it never gets a connection.
class HeldFixture : public ContextFixture
{
public:
    void make_session(StompConfig config, bool reconnects = true, bool resends = true)
    {
        auto const held = std::make_shared<StompConfig>(std::move(config));
        std::shared_ptr<detail::BrokerList> route;
        if (reconnects) {
            auto policy = ReconnectPolicy();
            policy.initial = std::chrono::hours(1);
            policy.max = std::chrono::hours(1);
            policy.resend_unconfirmed = resends;
            held->reconnect = policy;
            route = std::make_shared<detail::BrokerList>(std::vector<std::string>{"stomp://127.0.0.1:1"});
        }
        core = std::make_shared<detail::SessionImpl>(context.get_executor(), held, route);
        session = detail::SessionImpl::make_session(core);
    }

    /// @param answers as HeldPeer::answers.
    asio::awaitable<std::shared_ptr<HeldPeer>> connect(bool answers = true)
    {
        auto const peer = std::make_shared<HeldPeer>(context.get_executor());
        peer->answers = answers;
        std::unique_ptr<Transport> transport = std::make_unique<HeldTransport>(peer);
        detail::Handshake handshake;
        co_await detail::SessionImpl::perform_handshake(core, std::move(transport), std::move(handshake));
        co_return peer;
    }

    /// Holds writes, with one under way that has nothing to do with what follows.
    asio::awaitable<void> hold_a_write(std::shared_ptr<HeldPeer> peer)
    {
        peer->hold_writes(true);
        co_await send_filler();
        co_await until([&] { return peer->is_writing; });
    }

    asio::awaitable<void> send_filler() { co_await session.send("/queue/filler", std::string(300, 'f')); }

    std::shared_ptr<detail::SessionImpl> core;
    StompSession session;
};

} // namespace arbalest::test
