#include "../protocol/client_frames.hpp"
#include "operation.hpp"
#include "run_on.hpp"
#include "session_guards.hpp"
#include "transaction_state.hpp"
#include "validate_config.hpp"
#include <arbalest/protocol/encode.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

// Subscribing, unsubscribing and acknowledging.
namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

// What SubscribeOptions knows may be given as a header as well, and means the same.
std::string chosen_id(SubscribeOptions const& options)
{
    auto const* const header = find_header(options, "id");
    if (!header)
        return options.id();
    if (header->empty() || (!options.id().empty() && options.id() != *header))
        throw InvalidFrame("a subscription has one id", "id");
    return *header;
}

AckMode chosen_ack(SubscribeOptions const& options)
{
    auto const* const header = find_header(options, "ack");
    if (!header)
        return options.ack();
    constexpr std::array modes{AckMode::automatic, AckMode::client, AckMode::client_individual};
    auto const mode = std::ranges::find_if(modes, [&](AckMode known) { return to_string(known) == *header; });
    if (mode == modes.end())
        throw InvalidFrame("'" + *header + "' is no acknowledgement mode", "ack");
    if (options.ack() != AckMode::automatic && options.ack() != *mode)
        throw InvalidFrame("a subscription has one acknowledgement mode", "ack");
    return *mode;
}

} // namespace

asio::awaitable<Subscription> SessionImpl::subscribe(std::shared_ptr<SessionImpl> impl, std::string destination,
                                                     SubscribeOptions options)
{
    require(impl);
    auto const caller = co_await asio::this_coro::executor;
    if (!impl->may_suspend_on(caller)) {
        auto operation = subscribe(impl, std::move(destination), std::move(options));
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    impl->check_open();
    if (options.buffer())
        validate(*options.buffer(), "buffer");
    if (destination.empty())
        throw InvalidFrame("a subscription needs a destination", "destination");
    refuse_other(options, "destination", destination);
    auto const ack = chosen_ack(options);
    if (impl->is_online())
        impl->check_ack_mode(ack);
    auto const limits = options.buffer().value_or(impl->config_->subscription_buffer);
    bool const drops = limits.policy == OverflowPolicy::drop_newest || limits.policy == OverflowPolicy::drop_oldest;
    if (drops && ack != AckMode::automatic)
        throw InvalidFrame("messages that must be acknowledged cannot be dropped", "ack");
    auto id = chosen_id(options);
    if (id.empty())
        id = impl->conversation_.next_subscription_id();
    auto const state = std::make_shared<SubscriptionState>(impl, std::move(id), std::move(destination), ack, limits);
    // An id may be used again as soon as its subscription was ended here, though the broker has not confirmed it yet.
    if (auto* const former = static_cast<SubscriptionState*>(impl->conversation_.find_subscription(state->id));
        former && former->has_ended())
        impl->conversation_.remove_subscription(state->id, former);
    if (!impl->conversation_.add_subscription(state->id, state->destination, state.get()))
        throw InvalidFrame("'" + state->id + "' is the id of another subscription", "id");
    impl->subscriptions_.add(state);
    state->gives_back = impl->gives_back(*state);
    // Whatever happens from here on, the handle sees to it that nothing stays behind.
    Subscription subscription(state);
    state->subscribe_frame = subscribe_frame(state->id, state->destination, state->ack);
    add_headers(state->subscribe_frame, options);
    auto frame = impl->subscribe_frame_for(*state);
    auto how = transmit_options(options);
    FrameEffects effects;
    effects.encoded = &state->announced;
    effects.subscribing = state.get();
    how.effects = &effects;
    how.may_suspend = true;
    try {
        if (impl->is_online())
            co_await transmit(impl, std::move(frame), how);
        else
            co_await impl->subscribe_later(std::move(frame), how);
    } catch (StompError const& error) {
        if (error.outcome() == Outcome::refused)
            state->announced = false;
        throw;
    }
    co_return subscription;
}

// Without a connection: SUBSCRIBE goes out with the others', as soon as there is one.
asio::awaitable<void> SessionImpl::subscribe_later(Frame frame, TransmitOptions options)
{
    check_encodable(frame, version(), content_length());
    auto const slot = expect_receipt(frame, options);
    *options.effects->encoded = true;
    if (!slot)
        co_return;
    co_await await_slot(*slot);
    if (slot->failure)
        slot->failure->raise();
}

// As this broker takes it, so that it seldom delivers more than the buffer holds.
Frame SessionImpl::subscribe_frame_for(SubscriptionState const& state) const
{
    auto frame = state.subscribe_frame;
    if (state.ack != AckMode::automatic)
        conversation_.broker().add_prefetch(frame, state.limits.messages, state.limits.bytes);
    return frame;
}

void SessionImpl::check_ack_mode(AckMode mode) const
{
    if (mode == AckMode::client_individual && conversation_.version() == StompVersion::v1_0)
        throw InvalidFrame("STOMP 1.0 has no acknowledgement mode client-individual; use AckMode::client", "ack");
}

bool SessionImpl::gives_back(SubscriptionState const& state) const
{
    return state.ack != AckMode::automatic && conversation_.broker().locks_unsettled() &&
           conversation_.version() != StompVersion::v1_0; // which has no NACK
}

// The subscription's handle is gone, or its consumer is too slow. Nobody waits for the answer.
void SessionImpl::end_subscription(SubscriptionState& state, std::shared_ptr<StompError> cause)
{
    if (state.has_ended() || ending_.has_come())
        return;
    auto const self = state.shared_from_this();
    write_acknowledgements(state);
    state.end(std::move(cause));
    // What must be acknowledged goes back to the broker, and comes again; handing it out as well would double it.
    if (state.ack != AckMode::automatic)
        state.discard_buffer();
    if (!state.announced || !conversation_.is_open() || !is_online()) {
        conversation_.remove_subscription(state.id, &state);
        subscriptions_.remove(state);
        return;
    }
    std::vector<Frame> frames(1, unsubscribe_frame(state.id, state.destination, conversation_.version()));
    TransmitOptions options;
    options.with_receipt = true;
    auto slot = expect_receipt(frames.back(), options);
    slot->ending = self;
    try {
        frames.back() = intercepted(std::move(frames.back()));
        send_unsubscribe(state, frames, slot.get());
    } catch (std::exception const& error) {
        finish(std::make_shared<ConnectionLost>(make_error_code(errc::connection_lost), error.what()),
               CloseReason::error);
    }
}

// RabbitMQ keeps what is unsettled locked when a subscription ends, and once it has ended, takes no NACK any more. A
// NACK sent first, however, would only bring the message again. So the NACKs go first, but take effect afterwards: with
// the COMMIT of a transaction.
void SessionImpl::send_unsubscribe(SubscriptionState& state, std::vector<Frame> const& frames, ReceiptSlot* slot)
{
    TransmitOptions const plain;
    auto const version = conversation_.version();
    auto const ids = state.unacked.take_open();
    auto const transaction = ids.empty() ? std::string() : transactions_.next_id();
    if (!ids.empty()) {
        auto const begin = intercepted(transaction_frame("BEGIN", transaction));
        write_intercepted(begin, nullptr, plain);
    }
    for (auto const& id : ids) {
        auto nack = transaction_frame("NACK", transaction);
        nack.add_header(version == StompVersion::v1_2 ? "id" : "message-id", id);
        if (version == StompVersion::v1_1)
            nack.add_header("subscription", state.id);
        write_intercepted(intercepted(std::move(nack)), nullptr, plain);
    }
    for (auto const& frame : frames)
        write_intercepted(frame, &frame == &frames.back() ? slot : nullptr, plain);
    if (!ids.empty()) {
        auto const commit = intercepted(transaction_frame("COMMIT", transaction));
        write_intercepted(commit, nullptr, plain);
    }
}

asio::awaitable<bool> SessionImpl::unsubscribe(std::shared_ptr<SubscriptionState> state, FrameOptions options,
                                               bool delete_durable)
{
    if (!state)
        throw SessionClosed("the subscription belongs to no session");
    auto const impl = state->impl;
    require(impl);
    auto const caller = co_await asio::this_coro::executor;
    if (!impl->may_suspend_on(caller)) {
        auto operation = unsubscribe(state, std::move(options), delete_durable);
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    if (state->has_ended())
        co_return true;
    impl->check_open();
    refuse_other(options, "id", state->id);
    refuse_other(options, "destination", state->destination);
    if (!impl->is_online()) {
        if (delete_durable)
            throw ConnectionLost(make_error_code(errc::connection_lost),
                                 "without a connection no durable subscription can be deleted", Outcome::not_sent);
        impl->end_subscription(*state, nullptr);
        co_return true;
    }
    auto frame = unsubscribe_frame(state->id, state->destination, impl->conversation_.version());
    add_headers(frame, options);
    std::vector<Frame> frames;
    if (delete_durable)
        frames = impl->conversation_.broker().deletion(std::move(frame), state->subscribe_frame);
    else
        frames.push_back(std::move(frame));
    auto& last = frames.back();
    auto how = transmit_options(options);
    bool const waits = how.with_receipt || impl->config_->auto_receipt || last.has_header("receipt");
    // Until the broker confirms, messages may still come: they belong to this subscription and to nobody else.
    how.with_receipt = true;
    how.deletes_durable = delete_durable;
    auto slot = impl->expect_receipt(last, how);
    impl->write_acknowledgements(*state);
    for (auto& one : frames) {
        impl->hooks_.on_outgoing(one); // before anything is changed, in case it throws
        check_encodable(one, impl->version());
    }
    slot->ending = state;
    state->end(nullptr);
    if (state->ack != AckMode::automatic)
        state->discard_buffer();
    impl->send_unsubscribe(*state, frames, slot.get());
    if (!waits)
        co_return true;
    co_await impl->await_slot(*slot);
    if (slot->failure)
        slot->failure->raise();
    co_return true;
}

std::optional<Frame> SessionImpl::acknowledgement(std::string_view command, Message const& message,
                                                  StompVersion version)
{
    return ack_frame(command, message.frame_, version);
}

// Throws, or returns false, when there is nothing left to acknowledge.
bool SessionImpl::may_acknowledge(SubscriptionState const* subscription, std::uint64_t connection,
                                  std::uint64_t sequence, bool has_headers) const
{
    if (!subscription)
        throw InvalidFrame("the message does not come from a subscription");
    bool const is_gone =
        subscription->impl.get() != this || subscription->has_ended() || connection != connection_number_;
    if (!is_gone && subscription->ack == AckMode::automatic)
        throw InvalidFrame("the messages of this subscription need no acknowledgement", "ack");
    if (!is_gone && !has_headers)
        throw InvalidFrame("the broker sent the message without the headers that an acknowledgement takes");
    bool const is_open = !is_gone && subscription->unacked.is_open(sequence);
    if (!is_open && config_->strict_acks)
        throw StaleMessage();
    return is_open;
}

asio::awaitable<bool> SessionImpl::acknowledge(std::shared_ptr<SessionImpl> impl,
                                               std::shared_ptr<SubscriptionState> subscription,
                                               std::uint64_t connection, std::uint64_t sequence,
                                               std::optional<Frame> frame, TransmitOptions options)
{
    require(impl);
    bool here = impl->on_executor();
    if (here) {
        impl->check_open();
        if (!impl->may_acknowledge(subscription.get(), connection, sequence, frame.has_value()))
            co_return false;
    }
    if (here && impl->may_wait(*frame, options)) {
        auto const caller = co_await asio::this_coro::executor;
        here = impl->may_suspend_on(caller);
    }
    if (!here) {
        auto operation = acknowledge(impl, std::move(subscription), connection, sequence, std::move(frame), options);
        co_return co_await run_on(impl->home(), std::move(operation));
    }
    FrameEffects effects;
    effects.settles = subscription.get();
    effects.settled = sequence;
    options.effects = &effects;
    options.may_suspend = true;
    try {
        co_await transmit(impl, std::move(*frame), options);
    } catch (StaleMessage const&) { // it was settled, or its connection went, before there was room for this
        if (impl->config_->strict_acks)
            throw;
        co_return false;
    }
    co_return true;
}

asio::awaitable<bool> SessionImpl::acknowledge_with(std::shared_ptr<SessionImpl> impl,
                                                    std::shared_ptr<SubscriptionState> subscription,
                                                    std::uint64_t connection, std::uint64_t sequence,
                                                    std::optional<Frame> frame, FrameOptions options)
{
    for (auto const* const name : {"id", "message-id", "subscription"}) {
        if (find_header(options, name))
            throw InvalidFrame("which message is acknowledged is not for a header to say", name);
    }
    if (find_header(options, "transaction"))
        throw InvalidFrame("use Transaction::ack() or nack() to acknowledge in a transaction", "transaction");
    if (frame)
        add_headers(*frame, options);
    auto operation = acknowledge(std::move(impl), std::move(subscription), connection, sequence, std::move(frame),
                                 transmit_options(options));
    co_return co_await std::move(operation);
}

} // namespace arbalest::detail
