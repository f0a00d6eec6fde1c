#pragma once

#include "support/session_tools.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace arbalest::test {

/// Comes back within milliseconds; attempts and waits begin anew with every connection.
inline ReconnectPolicy quick_policy()
{
    ReconnectPolicy policy;
    policy.initial = 1ms;
    policy.max = 10ms;
    policy.stable_after = 0ms;
    return policy;
}

/// A session that reconnects at once, and asks for receipts only where it is told to.
inline StompConfig reconnecting(ReconnectPolicy policy = quick_policy())
{
    StompConfig config;
    config.reconnect = std::move(policy);
    return config;
}

/// An embedded broker that remembers what it was sent, and sessions that come back to it.
class ReconnectFixture : public EmbeddedFixture
{
public:
    ReconnectFixture() : EmbeddedFixture(remembering()) {}

    static BrokerConfig remembering()
    {
        BrokerConfig config;
        config.frame_log = 100'000;
        return config;
    }

    /// The commands that the broker got, with their bodies or destinations.
    std::vector<std::string> received() const
    {
        std::vector<std::string> result;
        for (auto const& [connection, frame] : all_received()) {
            std::string text(frame.command());
            if (frame.command() == "SEND")
                text += " " + std::string(frame.body());
            else if (frame.command() == "SUBSCRIBE")
                text += " " + std::string(frame.header("destination").value_or(""));
            result.push_back(std::move(text));
        }
        return result;
    }

    std::size_t count_received(std::string_view text) const
    {
        auto const all = received();
        return static_cast<std::size_t>(std::ranges::count(all, text));
    }

    std::vector<ReceivedFrame> all_received() const { return broker.received_frames(); }

    /// Waits until the session has lost its connection and has got so many altogether.
    static asio::awaitable<void> until_connected(StompSession session, std::uint64_t connections)
    {
        co_await until([&] { return session.stats().connections >= connections && session.is_connected(); });
    }
    static asio::awaitable<void> until_lost(StompSession session)
    {
        co_await until([&] { return !session.is_connected(); });
    }
};

/// Sends with a receipt and waits for it.
inline asio::awaitable<std::optional<Receipt>> send_confirmed(StompSession session, std::string destination,
                                                              std::string body)
{
    OutgoingMessage message(destination, body);
    message.with_receipt();
    return session.send(std::move(message));
}

} // namespace arbalest::test
