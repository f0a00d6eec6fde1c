#include "connection_core.hpp"
#include <arbalest/classic/connection.hpp>

#include <stdexcept>
#include <utility>

namespace arbalest::classic {

using detail::ConnectionCore;
using detail::ConnectionSetup;

namespace {

ConnectionSetup setup_of(StompVersion version, ConnectionOptions options)
{
    ConnectionSetup setup;
    setup.version = version;
    setup.options = std::move(options);
    return setup;
}

ConnectionSetup setup_of(StompVersion version, ConnectionOptions options, boost::asio::any_io_executor executor)
{
    auto setup = setup_of(version, std::move(options));
    setup.executor = std::move(executor);
    return setup;
}

void add(Frame& frame, Headers const& headers)
{
    for (auto const& [name, value] : headers)
        frame.set_header(name, value);
}

void require(std::string_view value, char const* name)
{
    if (value.empty())
        throw InvalidFrame("'" + std::string(name) + "' is required", name);
}

Frame acknowledgement(std::string_view command, StompVersion version, std::string_view id,
                      std::string_view subscription, std::string_view transaction, Headers const& headers)
{
    require(id, "id");
    Frame frame(command, 128);
    frame.add_header(version == StompVersion::v1_2 ? "id" : "message-id", id);
    if (version == StompVersion::v1_1) {
        require(subscription, "subscription");
        frame.add_header("subscription", subscription);
    }
    if (!transaction.empty())
        frame.add_header("transaction", transaction);
    add(frame, headers);
    return frame;
}

Frame transaction_frame(std::string_view command, std::string_view transaction, Headers const& headers)
{
    require(transaction, "transaction");
    Frame frame(command, 64);
    frame.add_header("transaction", transaction);
    add(frame, headers);
    return frame;
}

} // namespace

BaseConnection::BaseConnection(ConnectionSetup setup) : core_(ConnectionCore::make(std::move(setup))) {}

BaseConnection::~BaseConnection()
{
    core_->close();
}

void BaseConnection::set_listener(std::string_view name, std::shared_ptr<ConnectionListener> listener)
{
    core_->listeners().set(name, std::move(listener));
}

std::shared_ptr<ConnectionListener> BaseConnection::get_listener(std::string_view name) const
{
    return core_->listeners().get(name);
}

bool BaseConnection::remove_listener(std::string_view name)
{
    return core_->listeners().remove(name);
}

void BaseConnection::start()
{
    core_->start();
}

bool BaseConnection::stop(std::chrono::nanoseconds timeout)
{
    return core_->stop(timeout);
}

bool BaseConnection::is_connected() const
{
    return core_->is_connected();
}

void BaseConnection::connect(std::string_view username, std::string_view passcode, bool wait, Headers headers)
{
    // A callback may destroy this object meanwhile.
    auto const core = core_;
    core->connect(username, passcode, wait, headers);
}

void BaseConnection::disconnect(std::string_view receipt, Headers headers)
{
    auto const core = core_;
    core->disconnect(receipt, headers);
}

void BaseConnection::send(std::string_view body, std::string_view destination, std::string_view content_type,
                          Headers headers)
{
    require(destination, "destination");
    Frame frame("SEND", 128 + destination.size() + body.size());
    frame.add_header("destination", destination);
    if (!content_type.empty())
        frame.add_header("content-type", content_type);
    add(frame, headers);
    frame.set_body(body);
    send_frame(std::move(frame));
}

std::string BaseConnection::subscribe(std::string_view destination, std::string_view id, std::string_view ack,
                                      Headers headers)
{
    require(destination, "destination");
    if (ack != "auto" && ack != "client" && ack != "client-individual")
        throw InvalidFrame("'" + std::string(ack) + "' is no acknowledgement mode", "ack");
    std::string known(id);
    if (known.empty() && core_->version() != StompVersion::v1_0)
        known = core_->next_id("subscription-");
    Frame frame("SUBSCRIBE", 128 + destination.size());
    frame.add_header("destination", destination);
    if (!known.empty())
        frame.add_header("id", known);
    frame.add_header("ack", ack);
    add(frame, headers);
    send_frame(std::move(frame));
    core_->remember_subscription(known, destination);
    return known;
}

void BaseConnection::unsubscribe(std::string_view destination, std::string_view id, Headers headers)
{
    if (destination.empty() && id.empty())
        throw InvalidFrame("'id' or 'destination' is required", "id");
    auto const known = core_->forget_subscription(id, destination);
    bool const needs_id = core_->version() != StompVersion::v1_0;
    if (needs_id && known.empty())
        throw InvalidFrame("there is no subscription to '" + std::string(destination) + "'", "id");
    Frame frame("UNSUBSCRIBE", 128);
    if (!known.empty())
        frame.add_header("id", known);
    if (!needs_id && !destination.empty())
        frame.add_header("destination", destination);
    add(frame, headers);
    send_frame(std::move(frame));
}

void BaseConnection::ack(std::string_view id, std::string_view subscription, std::string_view transaction,
                         Headers headers)
{
    send_frame(acknowledgement("ACK", core_->version(), id, subscription, transaction, headers));
}

void BaseConnection::nack(std::string_view id, std::string_view subscription, std::string_view transaction,
                          Headers headers)
{
    if (core_->version() == StompVersion::v1_0)
        throw InvalidFrame("STOMP 1.0 has no NACK");
    send_frame(acknowledgement("NACK", core_->version(), id, subscription, transaction, headers));
}

std::string BaseConnection::begin(std::string_view transaction, Headers headers)
{
    auto const id = transaction.empty() ? core_->next_id("transaction-") : std::string(transaction);
    send_frame(transaction_frame("BEGIN", id, headers));
    return id;
}

void BaseConnection::commit(std::string_view transaction, Headers headers)
{
    send_frame(transaction_frame("COMMIT", transaction, headers));
}

void BaseConnection::abort(std::string_view transaction, Headers headers)
{
    send_frame(transaction_frame("ABORT", transaction, headers));
}

void BaseConnection::send_frame(Frame frame)
{
    auto const core = core_;
    core->send_frame(std::move(frame));
}

void BaseConnection::set_ssl(std::vector<HostAndPort> const& for_hosts, std::string key_file, std::string cert_file,
                             std::string ca_certs, std::string password)
{
    TlsOptions options;
    options.private_key_file = std::move(key_file);
    options.certificate_file = std::move(cert_file);
    options.private_key_passphrase = std::move(password);
    options.use_system_trust_store = ca_certs.empty();
    options.ca_file = std::move(ca_certs);
    set_ssl(for_hosts, std::move(options));
}

void BaseConnection::set_ssl(std::vector<HostAndPort> const& for_hosts, TlsOptions options)
{
    core_->set_ssl(for_hosts, options);
}

std::optional<TlsOptions> BaseConnection::get_ssl(HostAndPort const& host_and_port) const
{
    return core_->get_ssl(host_and_port);
}

StompVersion BaseConnection::version() const noexcept
{
    return core_->version();
}

HeartBeat BaseConnection::negotiated_heart_beat() const
{
    return core_->negotiated_heart_beat();
}

std::vector<HostAndPort> const& BaseConnection::host_and_ports() const noexcept
{
    return core_->brokers();
}

Connection10::Connection10(ConnectionOptions options) : BaseConnection(setup_of(StompVersion::v1_0, std::move(options)))
{
}

Connection10::Connection10(std::vector<HostAndPort> host_and_ports)
    : Connection10(ConnectionOptions(std::move(host_and_ports)))
{
}

Connection10::Connection10(boost::asio::any_io_executor executor, ConnectionOptions options)
    : BaseConnection(setup_of(StompVersion::v1_0, std::move(options), std::move(executor)))
{
}

Connection11::Connection11(ConnectionOptions options) : BaseConnection(setup_of(StompVersion::v1_1, std::move(options)))
{
}

Connection11::Connection11(std::vector<HostAndPort> host_and_ports)
    : Connection11(ConnectionOptions(std::move(host_and_ports)))
{
}

Connection11::Connection11(boost::asio::any_io_executor executor, ConnectionOptions options)
    : BaseConnection(setup_of(StompVersion::v1_1, std::move(options), std::move(executor)))
{
}

Connection12::Connection12(ConnectionOptions options) : BaseConnection(setup_of(StompVersion::v1_2, std::move(options)))
{
}

Connection12::Connection12(std::vector<HostAndPort> host_and_ports)
    : Connection12(ConnectionOptions(std::move(host_and_ports)))
{
}

Connection12::Connection12(boost::asio::any_io_executor executor, ConnectionOptions options)
    : BaseConnection(setup_of(StompVersion::v1_2, std::move(options), std::move(executor)))
{
}

} // namespace arbalest::classic
