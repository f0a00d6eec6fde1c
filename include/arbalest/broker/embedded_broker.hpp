#pragma once

#include <arbalest/broker/broker_config.hpp>
#include <arbalest/broker/broker_stats.hpp>
#include <arbalest/broker/faults.hpp>
#include <arbalest/broker/listen.hpp>
#include <arbalest/export.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest {

/// A STOMP 1.0, 1.1 and 1.2 broker inside the process: for tests, samples and work without a network. It keeps
/// everything in memory.
///
/// **Destinations.** `/topic/…` gives every message to every subscriber and stores nothing for those who come later.
/// `/temp-queue/…` belongs to the connection that uses it: as on ActiveMQ it can be subscribed to, and as on RabbitMQ
/// a SEND with `reply-to:/temp-queue/NAME` makes it by itself; its replies carry `subscription:/temp-queue/NAME`.
/// Either way others see it as the `/reply-queue/…` of the `reply-to` header, to which they can SEND; what is sent to
/// one that is gone is confirmed and dropped. Every other name is a queue: each message goes to one consumer, in turn,
/// and waits when there is none; a rejected message, or one of a consumer that went away, is delivered again, in its
/// old place, with `redelivered:true`. A NACK with `requeue:false` drops it. SUBSCRIBE takes a `prefetch-count` header.
///
/// **Headers.** All headers of SEND are passed on, except `receipt`, `transaction`, and those that MESSAGE has of its
/// own. One that STOMP 1.0 has no way to express (a line feed, a colon in the name, an empty value) is left out for 1.0
/// clients. A message whose `expires` header, in milliseconds since 1970, is past is dropped when it would be
/// delivered; zero means never. Each frame is followed by a line feed, as those of other brokers are.
///
/// **What it has not.** Selectors and wildcards: a SUBSCRIBE with a `selector` header, or to a topic with `*`, `#` or
/// `>` for one of its words, is refused with an ERROR.
///
/// **Threads.** All I/O is done on the executor given. Every member may be called from any thread, and the executor
/// needs no strand around it. Nothing waits: the calls return at once, whether or not the executor runs.
///
/// **Lifetime.** The broker and the io_context (or other context) of its executor may be destroyed in either order;
/// once the context is gone, there are no listeners and no connections.
///
/// **Transports.** It listens on plain TCP, TLS, WebSockets and secure WebSockets, on several of them at once if
/// listen() is called for each.
class ARBALEST_DECL EmbeddedBroker
{
public:
    /// Makes a broker that does not listen yet.
    explicit EmbeddedBroker(boost::asio::any_io_executor executor, BrokerConfig config = BrokerConfig());
    /// As stop().
    ~EmbeddedBroker();
    EmbeddedBroker(EmbeddedBroker const&) = delete;
    EmbeddedBroker& operator=(EmbeddedBroker const&) = delete;

    /// Listens on BrokerConfig::address and port for plain TCP. Behind a stop() it takes the port that it had before,
    /// and the queues are as they were. Does nothing while it is listening.
    /// @throws boost::system::system_error when the address cannot be parsed or bound.
    void listen();

    /// Listens for connections of that kind, beside those listened for already. All clients meet at the same queues.
    /// Does nothing while it is listening for that kind.
    /// @param port 0: the one that it had before a stop(); else, for Listen::tcp, BrokerConfig::port; else one that the
    /// system chooses.
    /// @throws boost::system::system_error as above, and when a file of BrokerConfig::tls cannot be read or used;
    /// std::invalid_argument when BrokerConfig::tls or websocket does not say what is needed.
    void listen(Listen kind, std::uint16_t port = 0);

    /// Closes all listeners and all connections, at once and without ERROR or a WebSocket's close frame. Messages that
    /// were delivered and not acknowledged go back to their queues. Does nothing when there is nothing to close. What
    /// is not plain TCP is closed by the executor.
    void stop();

    /// The TCP port that it listens on for the kind that it listened for first, or did before stop(); 0 before the
    /// first listen().
    std::uint16_t port() const;
    /// The same for that kind; 0 when it never listened for it.
    std::uint16_t port(Listen kind) const;

    /// Where to connect by the kind that it listened for first, for instance "stomp://127.0.0.1:40123"; with the first
    /// of BrokerConfig::credentials, percent encoded, when there are any.
    std::string url() const;
    /// The same for that kind, for instance "wss://127.0.0.1:40124/stomp".
    std::string url(Listen kind) const;

    /// The last request that came for a WebSocket, and what was answered to it: it is set before the answer is sent.
    /// nullopt when there was none that could be read as HTTP.
    std::optional<WebSocketHandshake> last_handshake() const;

    boost::asio::any_io_executor get_executor() const; ///< On which it runs.

    /// Puts a message into a destination as if a client had sent it.
    /// @throws std::runtime_error when BrokerConfig::max_queue_depth, max_queue_bytes or max_destinations is reached.
    void publish(std::string_view destination, std::string_view body);
    /// The same with headers of one's own. @param send a SEND frame with a `destination`.
    /// @throws std::invalid_argument when there is no `destination`; else as above.
    void publish(Frame send);

    /// Drops the messages that wait in this queue and returns how many there were. Those that were delivered and are
    /// not yet acknowledged stay.
    std::size_t purge(std::string_view destination);

    /// How many connections are open, those without CONNECT included.
    std::size_t connections() const;
    /// How many clients are connected: they were sent CONNECTED, and are neither refused nor gone.
    std::size_t sessions() const;
    /// How many subscriptions there are, to anything.
    std::size_t subscriptions() const;
    /// How many messages wait in this queue, those delivered and not yet acknowledged not counted. 0 for unknown names.
    std::size_t queue_depth(std::string_view destination) const;
    /// All counters of a queue or topic; all zero for unknown names. Temporary queues are not counted.
    DestinationStats stats(std::string_view destination) const;
    /// The names of all queues and topics that were used so far, sorted.
    std::vector<std::string> destinations() const;

    /// The last frames received, in the order of arrival, all connections together; at most BrokerConfig::frame_log.
    std::vector<ReceivedFrame> received_frames() const;
    /// Changes how many frames are remembered; 0 stops and forgets.
    void set_frame_log(std::size_t capacity);

    /// The switches that make this broker misbehave. They live as long as the broker.
    Faults& faults() noexcept { return faults_; }

private:
    std::shared_ptr<broker::Server> server_;
    Faults faults_;
};

} // namespace arbalest
