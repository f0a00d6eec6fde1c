// TLS with a broker whose certificate comes from an authority of one's own: what is said when the authority is not
// known, and how it is made known. Nothing is left unchecked: the certificate must be valid, and for this host.
// Usage: tls_private_ca [URL CA_FILE]     for instance stomp+tls://guest:guest@localhost:61614 ca.crt
// Without them it runs on a broker inside this program, with an authority and a certificate made for the occasion.

#include "support/certificates.hpp"
#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
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

asio::awaitable<void> tls_private_ca(std::string url, std::string ca_file, bool is_known_to_nobody)
{
    bool const connected = co_await connect_without_authority(url);
    if (connected && is_known_to_nobody)
        throw std::runtime_error("a certificate from an authority that nobody knows was accepted");
    co_await connect_with_authority(url, ca_file);
}

// A certificate for 127.0.0.1, which is where the broker listens.
arbalest::BrokerConfig with_certificate(arbalest::test::TestAuthority& authority)
{
    arbalest::test::CertificateRequest request;
    request.common_name = "127.0.0.1";
    request.ip_addresses.emplace_back("127.0.0.1");
    auto const issued = authority.issue(request);
    arbalest::BrokerConfig config;
    config.tls.certificate_file = issued.certificate_file;
    config.tls.private_key_file = issued.key_file;
    return config;
}

int main(int argc, char** argv)
{
    asio::io_context context;
    std::optional<arbalest::test::TestAuthority> authority;
    std::optional<arbalest::EmbeddedBroker> broker;
    std::string url;
    std::string ca_file;
    if (argc == 3) {
        url = argv[1];
        ca_file = argv[2];
    } else if (argc == 1) {
        authority.emplace("The authority of tls_private_ca");
        broker.emplace(context.get_executor(), with_certificate(*authority));
        broker->listen(arbalest::Listen::tls);
        url = broker->url();
        ca_file = authority->ca_file();
    } else {
        std::cerr << "usage: tls_private_ca [URL CA_FILE]\n";
        return 2;
    }

    int status = 0;
    auto const done = [&](std::exception_ptr failure) {
        if (broker)
            broker->stop(); // nothing is left to be done then, and run() returns
        try {
            if (failure)
                std::rethrow_exception(failure);
        } catch (std::exception const& error) {
            std::cerr << "tls_private_ca: " << error.what() << '\n';
            status = 1;
        }
    };
    asio::co_spawn(context, tls_private_ca(url, ca_file, broker.has_value()), done);
    context.run();
    return status;
}
