#pragma once

#include "../engine/backpressure.hpp"
#include "../engine/conversation.hpp"
#include "../engine/outbox.hpp"
#include "concurrency_check.hpp"
#include "connection.hpp"
#include "event_log.hpp"
#include "handshake_wait.hpp"
#include "hooks.hpp"
#include "inline_budget.hpp"
#include "receipt_waits.hpp"
#include "reconnection.hpp"
#include "session_ending.hpp"
#include "session_executor.hpp"
#include "session_info.hpp"
#include "session_timer.hpp"
#include "subscription_set.hpp"
#include "subscription_state.hpp"
#include "transaction_state.hpp"
#include "transmit_options.hpp"
#include "wait_queue.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/session/connection_events.hpp>
#include <arbalest/session/error.hpp>
#include <arbalest/session/failure.hpp>
#include <arbalest/session/receipt.hpp>
#include <arbalest/session/stomp_config.hpp>
#include <arbalest/session/stomp_session.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace arbalest::detail {

class SessionService;
class BrokerList;
class SlotHandle;
class WatchGuard;
class WriterHold;

/// A copy of what was thrown when a frame could not be encoded. @param may_have_left whether an earlier connection may
/// have carried that frame: then its outcome is unknown, else it was not sent.
std::shared_ptr<StompError> copy_of(std::exception_ptr const& exception, bool may_have_left);

/// What opens a session, beside the configuration.
class Handshake
{
public:
    Handshake() = default;

    std::string url; // without credentials, for messages
    std::string login;
    std::string passcode;
    std::string host = "/";
    std::vector<std::pair<std::string, std::string>> headers; // of CONNECT, beside these
};

/// A session: joins the conversation and its connection. Everything happens on one executor, but for the members that
/// say otherwise. Handles hold a owner on it; operations, subscriptions and messages hold only the object.
class SessionImpl : public std::enable_shared_from_this<SessionImpl>
{
public:
    /// @param route where connections come from; nullptr when there will be one only.
    SessionImpl(boost::asio::any_io_executor executor, std::shared_ptr<StompConfig const> config,
                std::shared_ptr<BrokerList> route);
    ~SessionImpl();

    // --- the way to a connection, on the executor
    /// A session that has not begun to connect, with what its configuration attaches (SessionExtension).
    static std::shared_ptr<SessionImpl> make(boost::asio::any_io_executor executor,
                                             std::shared_ptr<StompConfig const> config,
                                             std::shared_ptr<BrokerList> route);
    /// Makes the first connection, over the transport if there is one, else by the route. When it fails, the session
    /// has ended.
    static boost::asio::awaitable<bool> connect(std::shared_ptr<SessionImpl> impl,
                                                std::unique_ptr<Transport> transport);
    /// Exchanges CONNECT and CONNECTED on a connected transport. Fails with what ended the connection.
    static boost::asio::awaitable<bool> perform_handshake(std::shared_ptr<SessionImpl> impl,
                                                          std::unique_ptr<Transport> transport, Handshake handshake);
    /// An attempt begins.
    void connecting(std::string const& url);
    /// The first handle of a session.
    static StompSession make_session(std::shared_ptr<SessionImpl> impl);
    static ConnectionEvents connection_events(std::shared_ptr<SessionImpl> impl);

    // --- operations: each may be started on any executor (session_operations.cpp)
    static boost::asio::awaitable<std::optional<Receipt>> transmit(std::shared_ptr<SessionImpl> impl, Frame frame,
                                                                   TransmitOptions options);
    static boost::asio::awaitable<PendingReceipt> submit(std::shared_ptr<SessionImpl> impl, Frame frame,
                                                         TransmitOptions options);
    static boost::asio::awaitable<Receipt> confirmed(PendingReceipt pending);
    /// The same on the executor, and without taking the receipt. `pending` must live until then.
    boost::asio::awaitable<void> await_confirmation(PendingReceipt const& pending);
    static boost::asio::awaitable<Subscription> subscribe(std::shared_ptr<SessionImpl> impl, std::string destination,
                                                          SubscribeOptions options);
    boost::asio::awaitable<void> subscribe_later(Frame frame, TransmitOptions options);
    static boost::asio::awaitable<bool> unsubscribe(std::shared_ptr<SubscriptionState> state, FrameOptions options,
                                                    bool delete_durable);
    static boost::asio::awaitable<bool> acknowledge(std::shared_ptr<SessionImpl> impl,
                                                    std::shared_ptr<SubscriptionState> subscription,
                                                    std::uint64_t connection, std::uint64_t sequence,
                                                    std::optional<Frame> frame, TransmitOptions options);
    /// The same with what the user wants of the frame.
    static boost::asio::awaitable<bool> acknowledge_with(std::shared_ptr<SessionImpl> impl,
                                                         std::shared_ptr<SubscriptionState> subscription,
                                                         std::uint64_t connection, std::uint64_t sequence,
                                                         std::optional<Frame> frame, FrameOptions options);
    static boost::asio::awaitable<bool> flush(std::shared_ptr<SessionImpl> impl);
    static boost::asio::awaitable<bool> disconnect(std::shared_ptr<SessionImpl> impl,
                                                   std::shared_ptr<SessionOwner> owner);
    static boost::asio::awaitable<Failure> closed(std::shared_ptr<SessionImpl> impl);

    /// What a handle stands for; nullptr for an empty one.
    static std::shared_ptr<SessionImpl> of(StompSession const& session) noexcept { return session.impl(); }
    static std::optional<Frame> acknowledgement(std::string_view command, Message const& message, StompVersion version);
    static std::shared_ptr<SubscriptionState> const& subscription_of(Message const& message) noexcept
    {
        return message.subscription_;
    }
    static std::uint64_t connection_of(Message const& message) noexcept { return message.connection_; }
    static std::uint64_t sequence_of(Message const& message) noexcept { return message.sequence_; }
    static Message make_message(Frame frame, std::shared_ptr<SubscriptionState> subscription, std::uint64_t connection,
                                std::uint64_t sequence)
    {
        return Message(std::move(frame), std::move(subscription), connection, sequence);
    }
    static Transaction make_transaction(std::shared_ptr<TransactionState> state) noexcept
    {
        return Transaction(std::move(state));
    }
    static ReceiptSlot* slot_of(PendingReceipt const& pending) noexcept { return pending.slot_; }

    // --- from any thread
    /// Where operations run that begin elsewhere. Keeps this object.
    std::shared_ptr<SessionExecutor> home() { return {shared_from_this(), &home_}; }
    bool runs_here() const noexcept { return home_.running_here(); }
    /// Whether an operation may begin right here. Not while a hook runs: what a hook asks for is a step of its own.
    bool on_executor() const noexcept
    {
        if (!runs_here())
            return false;
        if (!hooks_.is_running())
            return true;
        concurrency_check_.check(); // a hook that runs in another thread
        return false;
    }
    /// False once the io_context is gone: then nothing may be posted and no I/O object exists.
    bool is_alive() const noexcept { return home_.is_alive(); }
    /// Whether an operation may suspend in the coroutine that awaits it, which lives on `caller`: only one that lives
    /// on the session's executor comes back there. To be here right now is not enough: a coroutine that was spawned in
    /// here for another executor takes its first steps here. What need not suspend may be done wherever on_executor().
    bool may_suspend_on(boost::asio::any_io_executor const& caller) const noexcept
    {
        return on_executor() && home_.is(caller);
    }
    SessionInfo const& info() const noexcept { return info_; }
    bool is_open() const noexcept { return info_.is_open(); }
    StompVersion version() const noexcept { return info_.version(); }
    StompConfig const& config() const noexcept { return *config_; }
    /// Runs a function on the executor: now if we are there, else posted. Does nothing when the io_context is gone.
    template <class Function>
    void run_there(Function function)
    {
        run_there_unless(on_executor(), std::move(function));
    }
    /// The same for the destructors of handles.
    template <class Function>
    void release_there(Function function) noexcept;
    /// The same for what touches nothing but the hooks: done at once also by a hook.
    template <class Function>
    void run_for_hooks(Function function)
    {
        run_there_unless(runs_here(), std::move(function));
    }

    // --- on the executor
    boost::asio::any_io_executor const& executor() const noexcept { return home_.get(); }
    /// Throws what ended the session, with outcome not_sent, unless operations are accepted.
    void check_open() const;
    /// Throws what ended the session, if it has ended.
    void check_unfinished() const;
    /// Whether frames can be written: there is a connection, CONNECTED came on it, and writing has not failed.
    bool is_online() const noexcept { return current_ && !handshake_.in_progress() && !current_->write_failure; }
    /// Whether the connection is only read from any more.
    bool writing_has_failed() const noexcept { return current_ && current_->write_failure; }
    /// Which connection of the session this is; changes as soon as it is lost.
    std::uint64_t connection_number() const noexcept { return connection_number_; }
    InlineBudget& inline_budget() noexcept { return inline_budget_; }
    /// Ends it here and at the broker. Without a cause it ends in order.
    void end_subscription(SubscriptionState& state, std::shared_ptr<StompError> cause);
    /// Tells the broker of the end: gives back what is unsettled, and unsubscribes. The slot is for the last frame. The
    /// interceptors have seen the frames.
    void send_unsubscribe(SubscriptionState& state, std::vector<Frame> const& frames, ReceiptSlot* slot);
    bool may_acknowledge(SubscriptionState const* subscription, std::uint64_t connection, std::uint64_t sequence,
                         bool has_headers) const;
    OpenTransactions& transactions() noexcept { return transactions_; }
    /// Whoever asked for the receipt is no longer interested.
    void release_slot(ReceiptSlot* slot) noexcept;
    /// The same, but what is not written yet still goes out.
    void abandon_slot(ReceiptSlot* slot) noexcept;
    /// The limit of a receipt that was deferred starts now.
    void start_deadline(ReceiptSlot* slot);
    /// The limits of those receipts start whose frames are to be written now.
    void start_limits(TimePoint now);
    /// Sends a frame that nobody waits for, without waiting for room.
    void send_control(Frame frame) noexcept;
    /// The last handle is gone.
    void owner_ended();
    /// A consumer has taken something, or somebody waits: reading may go on.
    void update_reading();
    /// How many subscriptions are over their soft limit, and others that want reading to stop.
    std::size_t& full_buffers() noexcept { return reading_.full_buffers; }
    /// One more, or one fewer, wants reading to stop.
    void full_buffers_changed(int by);
    ConcurrencyCheck& concurrency_check() noexcept { return concurrency_check_; }
    Hooks& hooks() noexcept { return hooks_; }
    /// What the peer of the last connection sent before CONNECTED, or the beginning of that.
    std::string const& first_bytes() const noexcept { return handshake_.first_bytes(); }

    /// The io_context goes down: lets go of every I/O object and every suspended coroutine.
    void context_ended() noexcept;

private:
    friend class ObservingWaiter;
    friend class PeerWaiter;
    friend class SlotHandle;
    friend class WatchGuard;
    friend class WriterHold;
    friend class SessionService;

    template <class Function>
    void run_there_unless(bool is_here, Function function);
    /// What a handle leaves behind could not be put in order.
    void out_of_memory() noexcept;

    // session_handshake.cpp
    void start(std::unique_ptr<Transport> transport, Handshake const& handshake);
    void handle_connected(Frame const& frame, Connection& connection);
    void complete_handshake();
    void drop_link(CloseReason reason, bool at_once);

    // session_loss.cpp, session_reconnect.cpp
    void on_connection_lost(std::shared_ptr<StompError> cause, CloseReason reason, bool explained = false);
    bool may_reconnect(StompError const& cause);
    bool may_try_again(StompError const& cause);
    void waiting(std::chrono::milliseconds delay, std::shared_ptr<StompError> const& failure);
    void settle_slots_at_loss(StompError const& cause);
    void settle_queue_at_loss(StompError const& cause);
    void settle_outbox_at_loss(StompError const& cause, std::uint64_t unsent);
    void settle_subscriptions_at_loss();
    void refuse_subscription(SubscriptionState& state, std::shared_ptr<StompError> cause);
    void subscription_refused(SubscriptionState& state, StompError const& cause);
    bool gives_back(SubscriptionState const& state) const;
    void check_ack_mode(AckMode mode) const;
    Frame subscribe_frame_for(SubscriptionState const& state) const;
    void write_acknowledgements(SubscriptionState const& state);
    void blame_resubscription(StompError const& cause);
    std::shared_ptr<StompError> without_attempts_left(std::shared_ptr<StompError> cause) const;
    void subscribe_all_again();
    void resume();
    void subscribe_again(std::shared_ptr<SubscriptionState> const& state, ReceiptSlot* slot);
    static boost::asio::awaitable<bool> keep_connecting(std::shared_ptr<SessionImpl> impl,
                                                        std::shared_ptr<StompError> lost);
    static boost::asio::awaitable<void> reconnect(std::shared_ptr<SessionImpl> impl, std::shared_ptr<StompError> lost);
    void start_reconnecting(std::shared_ptr<StompError> lost);
    void stop_reconnecting() noexcept;
    std::chrono::milliseconds next_delay(ReconnectPolicy const& policy);

    // session_loops.cpp
    static boost::asio::awaitable<void> run_to_end(std::shared_ptr<SessionImpl> impl,
                                                   std::shared_ptr<Connection> connection,
                                                   boost::asio::awaitable<void> loop);
    static boost::asio::awaitable<void> run_reader(std::shared_ptr<SessionImpl> impl,
                                                   std::shared_ptr<Connection> connection);
    static boost::asio::awaitable<void> run_writer(std::shared_ptr<SessionImpl> impl,
                                                   std::shared_ptr<Connection> connection);
    static boost::asio::awaitable<void> close_link(std::shared_ptr<SessionImpl> impl,
                                                   std::shared_ptr<Connection> connection, CloseReason reason);
    bool process_input(Connection& connection, TimePoint now);
    void check_first_bytes(std::string_view bytes, Connection const& connection);
    void handle(Frame& frame, Connection& connection, TimePoint now);
    void handle_event(Conversation::Event event, Frame& frame, Connection& connection);
    bool take_receipt(Connection& connection);
    void confirmation_came(ReceiptSlot& slot, Connection const& connection);
    void message_came(SubscriptionState& subscription, Frame& frame);
    void process_unfinished_error(Connection& connection);
    void read_failed(Connection& connection, std::shared_ptr<ConnectionLost> failure);
    void write_failed(Connection& connection, boost::system::error_code code);
    bool must_stop_reading() const noexcept;
    void peer_wait_begins()
    {
        ++reading_.operations;
        if (reading_.full_buffers != 0)
            update_reading();
    }
    void observing_begins();
    TimePoint next_probe_after(TimePoint now) const noexcept;
    void plan_probe();
    void probe();
    /// Sees to it that the timer expires when something is due, or before.
    void set_timer();
    TimePoint read_until(TimePoint now);
    void timer_expired();
    void on_timer();

    // session_writing.cpp, session_operations.cpp
    SlotHandle expect_receipt(Frame& frame, TransmitOptions const& options);
    /// Whether the frame outlives its connection.
    bool is_kept(Frame const& frame) const noexcept;
    bool has_buffer_room(Frame const& frame) const noexcept
    {
        return current_->output.waiting() == 0 ||
               current_->output.waiting() + frame.memory() <= config_->write_buffer.limit;
    }
    bool has_room(Frame const& frame) const noexcept;
    /// Whether the frame would be written, or taken into the outbox, without suspending.
    bool can_write(Frame const& frame) const noexcept
    {
        return (is_online() || is_kept(frame)) && queue_.empty() && has_room(frame);
    }
    /// Whether transmit() may have to suspend for anything but a yield.
    bool may_wait(Frame const& frame, TransmitOptions const& options) const noexcept;
    ContentLength content_length() const noexcept
    {
        return config_->auto_content_length ? ContentLength::automatic : ContentLength::as_given;
    }
    /// Encodes if there is room; else only checks that it could, and returns false.
    bool try_write(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options);
    /// For which there is room.
    void write_now(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options);
    void write(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options);
    /// The same for a frame that the interceptors have seen.
    void write_intercepted(Frame const& frame, ReceiptSlot* slot, TransmitOptions const& options);
    void check_relevant(FrameEffects const& effects) const;
    void apply(FrameEffects const& effects, std::uint64_t position);
    /// As the interceptors want it, though nobody waits for it.
    Frame intercepted(Frame frame)
    {
        return hooks_.try_on_outgoing(std::move(frame), conversation_.version(), content_length());
    }
    /// Appends it to the bytes of the connection. Returns where it starts.
    std::uint64_t encode_frame(Frame const& frame);
    void wake_writer();
    void start_writer();
    void hold_writer(bool held) noexcept
    {
        if (current_)
            current_->writer_is_held = held;
    }
    void keep(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options);
    void write_kept();
    void pump_outbox();
    void write_queued(QueuedFrame& queued);
    void pump_queue();
    /// Something that waited was withdrawn: others may fit now.
    void room_was_made() noexcept;
    boost::asio::awaitable<void> enqueue(Frame& frame, ReceiptSlot* slot, TransmitOptions const& options);
    boost::asio::awaitable<void> await_slot(ReceiptSlot& slot);
    boost::asio::awaitable<void> transmit_written(Frame& frame, TransmitOptions options);
    boost::asio::awaitable<void> step_back();
    boost::asio::awaitable<void> await_written(std::shared_ptr<Connection> connection, std::uint64_t position,
                                               CancellationRule rule);
    boost::asio::awaitable<void> await_watched(WriteWatch& watch);
    boost::asio::awaitable<void> await_online(Frame const& frame, TransmitOptions const& options);
    boost::asio::awaitable<void> await_backlog();

    // session_end.cpp
    void begin_disconnect();
    void continue_disconnect();
    void finish_in_order();
    void finish(std::shared_ptr<StompError> cause, CloseReason reason);
    void finish(std::shared_ptr<StompError> cause, bool orderly, CloseReason reason);
    /// @param answered whether a RECEIPT or an ERROR that names the frame has come.
    void complete_slot(ReceiptSlot& slot, std::shared_ptr<StompError> failure, bool answered = false);
    void end_wait(ReceiptSlot& slot, ReceiptSlot::State state, bool answered = false) noexcept;
    void await_again(ReceiptSlot& slot);
    void limit_passed(ReceiptSlot& slot);
    void complete_queued(QueuedFrame& queued, std::exception_ptr failure);
    Outcome outcome_of(ReceiptSlot const& slot) const noexcept;
    void drop_slot(ReceiptSlot& slot) noexcept;

    SessionExecutor home_;
    boost::asio::any_io_executor const& executor_; // of `home_`
    std::shared_ptr<StompConfig const> const config_;
    SessionService* service_;
    SessionEnding ending_;
    Reconnection reconnection_;
    HandshakeWait handshake_;
    Conversation conversation_;
    std::shared_ptr<Connection> current_;
    std::uint64_t connection_number_ = 0; // which connection of the session this is
    ReadingCounts reading_;
    SubscriptionSet subscriptions_;
    OpenTransactions transactions_;
    ReceiptWaits receipts_;
    using FrameQueue = boost::intrusive::list<QueuedFrame, boost::intrusive::constant_time_size<false>>;
    FrameQueue queue_; // frames that wait for room
    Outbox outbox_;
    WaitQueue written_; // who waits for messages of the outbox to be written
    SessionTimer timer_;
    InlineBudget inline_budget_;
    ConcurrencyCheck concurrency_check_;
    Hooks hooks_;
    EventLog events_;
    SessionInfo info_;
};

/// What every copy of a session's handle shares; its end is the session's.
class SessionOwner
{
public:
    explicit SessionOwner(std::shared_ptr<SessionImpl> impl) noexcept : impl(std::move(impl)) {}
    SessionOwner(SessionOwner const&) = delete;
    SessionOwner& operator=(SessionOwner const&) = delete;
    ~SessionOwner();

    std::shared_ptr<SessionImpl> const impl;
};

template <class Function>
void SessionImpl::run_there_unless(bool is_here, Function function)
{
    if (is_here && is_alive()) {
        function(*this);
        return;
    }
    home_.post([impl = shared_from_this(), function = std::move(function)]() mutable {
        if (impl->is_alive())
            function(*impl);
    });
}

template <class Function>
void SessionImpl::release_there(Function function) noexcept
{
    auto const release = [](SessionImpl& impl, Function const& function) noexcept {
        try {
            function(impl);
        } catch (std::bad_alloc const&) {
            impl.out_of_memory();
        }
    };
    if (on_executor() && is_alive()) {
        release(*this, function);
        return;
    }
    home_.post_from_destructor([impl = shared_from_this(), function = std::move(function), release] {
        if (impl->is_alive())
            release(*impl, function);
    });
}

} // namespace arbalest::detail
