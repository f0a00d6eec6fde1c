// TLS with a broker whose certificate comes from an authority of one's own: what is said when the authority is not
// known, and how it is made known. Nothing is left unchecked: the certificate must be valid, and for this host.
// Usage: tls_private_ca [URL CA_FILE]     for instance stomp+tls://guest:guest@localhost:61614 ca.crt
// Without them it runs on a broker inside this program, with the certificates in certificates/.

#include "certificates.hpp"
#include "run_sample.hpp"
#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

// By default only the authorities are trusted that the system trusts. Returns whether that was enough.
asio::awaitable<bool> connect_without_authority(std::string url)
{
    try {
        arbalest::StompClient const client;
        auto session = co_await client.connect(url);
        std::cout << "the system trusts this broker anyhow\n";
        co_await session.disconnect();
        co_return true;
    } catch (arbalest::ConnectError const& error) {
        if (error.phase() != arbalest::ConnectPhase::tls)
            throw; // not what this is about: nobody there, or not one who speaks TLS
        std::cout << "refused: " << error.what() << '\n';
    }
    co_return false;
}

asio::awaitable<void> connect_with_authority(std::string url, std::string ca_file)
{
    arbalest::StompConfig config;
    config.auto_receipt = true;
    config.tls.ca_file = ca_file;              // in addition to those of the system, or
    config.tls.use_system_trust_store = false; // instead of them, which is stricter
    arbalest::StompClient const client(config);
    auto session = co_await client.connect(url);

    auto inbox = co_await session.subscribe("/topic/arbalest.tls");
    co_await session.send("/topic/arbalest.tls", "nobody else reads this");
    auto const message = co_await inbox.next_for(10s);
    if (!message || message->body() != "nobody else reads this")
        throw std::runtime_error("the message has not come back");
    std::cout << "with " << ca_file << ": sent and received, STOMP " << session.version() << '\n';
    co_await session.disconnect();
}

int main(int argc, char** argv)
{
    if (argc == 2) {
        std::cerr << "usage: tls_private_ca [URL CA_FILE]\n";
        return 2;
    }
    auto const sample = [&](std::string url, arbalest::EmbeddedBroker* broker) -> asio::awaitable<void> {
        bool const connected = co_await connect_without_authority(url);
        if (connected && broker)
            throw std::runtime_error("a certificate from an authority that nobody knows was accepted");
        std::string const ca_file = broker ? certificate_file("ca.crt") : argv[2];
        co_await connect_with_authority(url, ca_file);
    };
    return run_sample(argc, argv, sample, arbalest::Listen::tls, broker_with_certificate());
}
