#pragma once

#include <arbalest/export.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace arbalest {

namespace broker {
class Server;
}

/// Makes an EmbeddedBroker misbehave, on purpose and always in the same way, so that a client's handling of it can be
/// tested. A fault holds for all connections of that broker, the present ones and those to come, from the call on until
/// it is used up or switched off. Every member may be called from any thread.
///
/// It is the same for all transports. What is called a FIN below is TLS's close_notify before it, and on a WebSocket a
/// close frame with status 1000; bytes are those of STOMP.
class ARBALEST_DECL Faults
{
public:
    /// Stands for "every one from now on" where a number is asked for.
    static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

    ~Faults();
    Faults(Faults const&) = delete;
    Faults& operator=(Faults const&) = delete;

    /// Switches every fault off: nothing more is dropped, delayed, refused or cut, reading and writing go on.
    void clear();

    /// The frame is carried out, but its RECEIPT is not sent (STOMP 1.2, "RECEIPT").
    /// @param count how many receipts, counted over all connections; 0 ends the fault.
    void drop_receipts(std::size_t count = all);

    /// Every RECEIPT is sent that much later than it could be; other frames overtake it. The close behind a DISCONNECT
    /// waits for it.
    /// @param delay zero ends the fault; receipts that were held back already keep their time.
    void delay_receipts(std::chrono::milliseconds delay);

    /// Nothing is sent any more, no heart-beats either, and no connection is closed by the broker; it goes on reading
    /// and carrying out. What it had to say goes out when the fault ends. A WebSocket still answers pings and a close.
    void fall_silent(bool on = true);

    /// Closes a connection in the middle of a frame to the client: it gets that many bytes of the frame, then FIN.
    /// @param frame which one, counted per connection from now on, 1 being the next; heart-beats do not count. On a
    /// new connection 1 is CONNECTED.
    /// @param byte how many of its bytes are still sent, the line feed behind its NUL included; 0 is a close between
    /// frames. More than there are: the whole frame.
    /// @param times how many connections this happens to; 0 ends the fault.
    void cut_outgoing(std::size_t frame, std::size_t byte, std::size_t times = 1);

    /// Closes a connection in the middle of a frame from the client. What the frames before it had as an answer is
    /// still sent; that frame itself is not carried out, even when it has arrived whole.
    /// @param frame which one, counted per connection from now on, 1 being the next; heart-beats do not count. On a
    /// new connection 1 is CONNECT.
    /// @param byte how many of its bytes must have come; 0 closes behind the frame before. More than there are: the
    /// whole frame.
    /// @param times how many connections this happens to; 0 ends the fault.
    void cut_incoming(std::size_t frame, std::size_t byte, std::size_t times = 1);

    /// Sends these bytes to every present connection now, behind the frames that are already on their way. On a
    /// WebSocket they are one message.
    void send_raw(std::string_view bytes);

    /// Sends these bytes instead of CONNECTED. The broker then goes on as if it had sent CONNECTED.
    /// @param times for how many connections; 0 ends the fault.
    void answer_connect(std::string bytes, std::size_t times = all);

    /// CONNECTED carries this `version`, whatever was negotiated and whether or not it is one.
    /// @param version empty ends the fault.
    void answer_version(std::string version);

    /// Refuses every CONNECT as if its credentials were wrong: ERROR, then the connection is closed.
    void refuse_login(bool on = true);

    /// CONNECT and STOMP frames get no answer at all, and the connection stays open.
    void ignore_connect(bool on = true);

    /// New connections are accepted by TCP, but nothing is read from them until that much time has passed: no handshake
    /// of TLS or WebSocket either.
    /// @param delay zero ends the fault.
    void delay_accept(std::chrono::milliseconds delay);

    /// DISCONNECT is answered by closing the connection without its RECEIPT, as some brokers do.
    void close_instead_of_disconnect_receipt(bool on = true);

    /// Nothing is read from any connection until resume_reading(). Heart-beats of the client are not missed meanwhile,
    /// and the broker goes on sending.
    void stop_reading();
    /// The same, ending by itself after that time.
    void stop_reading_for(std::chrono::milliseconds duration);
    /// Reading goes on.
    void resume_reading();

    /// Answers the next frame with that command by an ERROR instead of carrying it out (STOMP 1.2, "ERROR"). The
    /// connection is closed behind it if BrokerConfig::close_after_error says so.
    /// @param command for instance "SEND".
    /// @param with_receipt_id whether the ERROR names the frame's receipt, as ActiveMQ does; RabbitMQ never does.
    /// @param times how many such frames, counted over all connections; 0 ends the fault for that command.
    void refuse_next(std::string_view command, bool with_receipt_id = true, std::size_t times = 1);

    /// Closes all present connections now, with FIN; what was not yet written is lost. In the middle of a handshake of
    /// TLS or WebSocket only TCP is closed.
    void close_connections();
    /// Resets all present connections now: the clients see ECONNRESET.
    void reset_connections();

private:
    friend class EmbeddedBroker;
    explicit Faults(std::shared_ptr<broker::Server> server) noexcept;

    std::shared_ptr<broker::Server> server_;
};

} // namespace arbalest
