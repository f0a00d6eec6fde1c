#include "refusal.hpp"
#include "server.hpp"
#include <arbalest/broker/embedded_broker.hpp>

#include <stdexcept>
#include <utility>

namespace arbalest {

using broker::Server;

EmbeddedBroker::EmbeddedBroker(boost::asio::any_io_executor executor, BrokerConfig config)
    : server_(Server::make(std::move(executor), std::move(config))), faults_(server_)
{
}

EmbeddedBroker::~EmbeddedBroker()
{
    stop();
}

void EmbeddedBroker::listen()
{
    server_->listen(Listen::tcp, 0);
}

void EmbeddedBroker::listen(Listen kind, std::uint16_t port)
{
    server_->listen(kind, port);
}

void EmbeddedBroker::stop()
{
    server_->stop();
}

std::uint16_t EmbeddedBroker::port() const
{
    Server::Turn const turn(*server_);
    return server_->port(server_->first_kind());
}

std::uint16_t EmbeddedBroker::port(Listen kind) const
{
    Server::Turn const turn(*server_);
    return server_->port(kind);
}

std::string EmbeddedBroker::url() const
{
    Server::Turn const turn(*server_);
    return server_->url(server_->first_kind());
}

std::string EmbeddedBroker::url(Listen kind) const
{
    Server::Turn const turn(*server_);
    return server_->url(kind);
}

std::optional<WebSocketHandshake> EmbeddedBroker::last_handshake() const
{
    Server::Turn const turn(*server_);
    return server_->last_handshake();
}

boost::asio::any_io_executor EmbeddedBroker::get_executor() const
{
    Server::Turn const turn(*server_);
    return server_->executor();
}

void EmbeddedBroker::publish(std::string_view destination, std::string_view body)
{
    Frame frame("SEND", destination.size() + body.size());
    frame.add_header("destination", destination).set_body(body);
    publish(std::move(frame));
}

void EmbeddedBroker::publish(Frame send)
{
    auto const shared = std::make_shared<Frame const>(std::move(send));
    auto const destination = shared->header("destination").value_or("");
    if (destination.empty() || broker::Core::is_temporary(destination))
        throw std::invalid_argument("EmbeddedBroker::publish: the frame needs a destination, and not a temporary one");
    Server::Turn const turn(*server_);
    try {
        server_->core().publish(destination, shared);
    } catch (broker::Refusal const& refusal) {
        throw std::runtime_error("EmbeddedBroker::publish: " + refusal.message + ". " + refusal.detail);
    }
}

std::size_t EmbeddedBroker::purge(std::string_view destination)
{
    Server::Turn const turn(*server_);
    return server_->core().purge(destination);
}

std::size_t EmbeddedBroker::connections() const
{
    Server::Turn const turn(*server_);
    return server_->connections();
}

std::size_t EmbeddedBroker::sessions() const
{
    Server::Turn const turn(*server_);
    return server_->core().sessions();
}

std::size_t EmbeddedBroker::subscriptions() const
{
    Server::Turn const turn(*server_);
    return server_->core().subscriptions();
}

std::size_t EmbeddedBroker::queue_depth(std::string_view destination) const
{
    return stats(destination).depth;
}

DestinationStats EmbeddedBroker::stats(std::string_view destination) const
{
    Server::Turn const turn(*server_);
    return server_->core().stats(destination);
}

std::vector<std::string> EmbeddedBroker::destinations() const
{
    Server::Turn const turn(*server_);
    return server_->core().destinations();
}

std::vector<ReceivedFrame> EmbeddedBroker::received_frames() const
{
    Server::Turn const turn(*server_);
    return server_->log().frames();
}

void EmbeddedBroker::set_frame_log(std::size_t capacity)
{
    Server::Turn const turn(*server_);
    server_->log().set_capacity(capacity);
}

} // namespace arbalest
