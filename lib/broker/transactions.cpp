#include "refusal.hpp"
#include "session.hpp"

#include <utility>

namespace arbalest::broker {

void Session::begin(Frame& frame)
{
    std::string id(require(frame, "transaction"));
    if (transactions_.contains(id))
        throw Refusal("Duplicate transaction", "There is an open transaction by that name already.");
    if (transactions_.size() >= core_.config().max_destinations)
        throw Refusal("Too many transactions", "This connection has too many open transactions.");
    transactions_.emplace(std::move(id), Transaction());
}

// The transaction of a SEND, ACK or NACK; nullptr when it is in none.
Transaction* Session::transaction_of(Frame const& frame)
{
    return frame.has_header("transaction") ? &find_transaction(frame)->second : nullptr;
}

std::unordered_map<std::string, Transaction>::iterator Session::find_transaction(Frame const& frame)
{
    auto const place = transactions_.find(std::string(require(frame, "transaction")));
    if (place == transactions_.end())
        throw Refusal("Unknown transaction", "There is no open transaction by that name.");
    return place;
}

void Session::add_step(Transaction& transaction, std::variant<PendingSend, Settlement> step)
{
    auto const* const send = std::get_if<PendingSend>(&step);
    auto const bytes = transaction.bytes + (send ? send->frame->memory() : 0);
    if (transaction.steps.size() >= core_.config().max_queue_depth || bytes > core_.config().max_queue_bytes)
        throw Refusal("Transaction full", "There are too many frames, or bytes, in this transaction.");
    transaction.steps.push_back(std::move(step));
    transaction.bytes = bytes;
}

void Session::commit(Frame& frame)
{
    auto const place = find_transaction(frame);
    auto const transaction = std::move(place->second);
    transactions_.erase(place);
    try {
        check_room(transaction);
    } catch (Refusal const&) {
        give_back(transaction);
        throw;
    }
    for (auto const& step : transaction.steps) {
        if (auto const* const send = std::get_if<PendingSend>(&step))
            route(send->destination, send->frame);
        else
            apply(std::get<Settlement>(step));
    }
}

// All or nothing: whether every SEND finds room is known before the first is carried out.
void Session::check_room(Transaction const& transaction)
{
    struct Wanted
    {
        std::size_t messages = 0;
        std::size_t bytes = 0;
    };
    std::map<std::string_view, Wanted> all;
    for (auto const& step : transaction.steps) {
        if (auto const* const send = std::get_if<PendingSend>(&step)) {
            auto& wanted = all[send->destination];
            ++wanted.messages;
            wanted.bytes += send->frame->memory();
        }
    }
    for (auto const& [destination, wanted] : all) {
        bool const has_room =
            Core::is_temporary(destination)
                ? core_.has_room(*temporary_queue(std::string(destination)).queue, wanted.messages, wanted.bytes)
                : core_.has_room(destination, wanted.messages, wanted.bytes);
        if (!has_room)
            throw Refusal("Queue full", "There is no room for all messages of the transaction.");
    }
}

void Session::abort(Frame& frame)
{
    auto const place = find_transaction(frame);
    give_back(place->second);
    transactions_.erase(place);
}

// What the transaction would have acknowledged awaits its acknowledgement again.
void Session::give_back(Transaction const& transaction) noexcept
{
    for (auto const& step : transaction.steps) {
        auto const* const settlement = std::get_if<Settlement>(&step);
        if (!settlement)
            continue;
        auto const subscription = subscriptions_.find(settlement->subscription);
        if (subscription != subscriptions_.end())
            subscription->second->set_in_transaction(settlement->tag, false);
    }
}

} // namespace arbalest::broker
