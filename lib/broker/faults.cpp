#include "connection.hpp"
#include "protocol/time.hpp"
#include "server.hpp"
#include <arbalest/broker/faults.hpp>

#include <utility>

namespace arbalest {

using broker::FaultPlan;
using broker::Server;
using detail::Clock;

namespace {

// Changes the plan, and has every connection look at what that means for it.
template <class Change>
void change_plan(Server& server, Change change)
{
    Server::Turn const turn(server);
    change(server.faults());
    auto const now = Clock::now();
    for (auto const& connection : server.all_connections())
        connection->reconsider(now);
}

template <class Action>
void for_each_connection(Server& server, Action action)
{
    Server::Turn const turn(server);
    for (auto const& connection : server.all_connections())
        action(*connection);
}

} // namespace

Faults::Faults(std::shared_ptr<Server> server) noexcept : server_(std::move(server)) {}

Faults::~Faults() = default;

void Faults::clear()
{
    change_plan(*server_, [](FaultPlan& plan) {
        auto const outgoing = plan.cut_outgoing;
        auto const incoming = plan.cut_incoming;
        plan = FaultPlan();
        plan.cut_outgoing = outgoing; // the connections' counters refer to them
        plan.cut_incoming = incoming;
        plan.cut_outgoing.set(0, 0, 0);
        plan.cut_incoming.set(0, 0, 0);
    });
}

void Faults::drop_receipts(std::size_t count)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.drop_receipts.set(count); });
}

void Faults::delay_receipts(std::chrono::milliseconds delay)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.receipt_delay = delay; });
}

void Faults::fall_silent(bool on)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.silent = on; });
}

void Faults::cut_outgoing(std::size_t frame, std::size_t byte, std::size_t times)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.cut_outgoing.set(frame, byte, times); });
}

void Faults::cut_incoming(std::size_t frame, std::size_t byte, std::size_t times)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.cut_incoming.set(frame, byte, times); });
}

void Faults::send_raw(std::string_view bytes)
{
    for_each_connection(*server_, [=](broker::Connection& connection) { connection.send_raw(bytes); });
}

void Faults::answer_connect(std::string bytes, std::size_t times)
{
    change_plan(*server_, [&](FaultPlan& plan) {
        plan.connect_answer = std::move(bytes);
        plan.connect_answers.set(times);
    });
}

void Faults::answer_version(std::string version)
{
    change_plan(*server_, [&](FaultPlan& plan) { plan.version = std::move(version); });
}

void Faults::refuse_login(bool on)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.refuse_login = on; });
}

void Faults::ignore_connect(bool on)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.ignore_connect = on; });
}

void Faults::delay_accept(std::chrono::milliseconds delay)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.accept_delay = delay; });
}

void Faults::close_instead_of_disconnect_receipt(bool on)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.no_disconnect_receipt = on; });
}

void Faults::stop_reading()
{
    change_plan(*server_, [](FaultPlan& plan) { plan.reading_resumes = FaultPlan::TimePoint::max(); });
}

void Faults::stop_reading_for(std::chrono::milliseconds duration)
{
    change_plan(*server_, [=](FaultPlan& plan) { plan.reading_resumes = detail::later(Clock::now(), duration); });
}

void Faults::resume_reading()
{
    change_plan(*server_, [](FaultPlan& plan) { plan.reading_resumes = FaultPlan::TimePoint::min(); });
}

void Faults::refuse_next(std::string_view command, bool with_receipt_id, std::size_t times)
{
    change_plan(*server_, [=](FaultPlan& plan) {
        auto& refused = plan.refused[std::string(command)];
        refused.times.set(times);
        refused.with_receipt_id = with_receipt_id;
    });
}

void Faults::close_connections()
{
    for_each_connection(*server_, [](broker::Connection& connection) { connection.close_now(); });
}

void Faults::reset_connections()
{
    for_each_connection(*server_, [](broker::Connection& connection) { connection.reset_now(); });
}

} // namespace arbalest
