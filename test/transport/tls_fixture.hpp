#pragma once

#include "support/certificates.hpp"
#include "transport_fixture.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string>
#include <utility>

namespace arbalest::test {

using asio::ip::tcp;
namespace ssl = asio::ssl;

inline CertificateRequest request_for(std::string name)
{
    CertificateRequest request;
    request.common_name = name;
    request.dns_names.push_back(std::move(name));
    return request;
}

/// A TLS server that echoes, and a client that trusts its authority.
class TlsFixture : public TransportFixture
{
public:
    TlsFixture() : server(context), server_context(ssl::context::tls_server)
    {
        options.tls.ca_file = authority.ca_file();
        options.tls.use_system_trust_store = false;
        auto request = request_for("localhost");
        request.dns_names.push_back("other.test");
        request.ip_addresses.push_back("127.0.0.1");
        use(authority.issue(request));
    }

    /// What the server shows.
    void use(IssuedCertificate const& certificate)
    {
        server_context = ssl::context(ssl::context::tls_server);
        server_context.use_certificate_chain_file(certificate.certificate_file);
        server_context.use_private_key_file(certificate.key_file, ssl::context::pem);
    }

    /// Accepts one client; echoes until it ends.
    asio::awaitable<void> serve()
    {
        co_await server.accept();
        ssl::stream<tcp::socket&> stream(server.socket, server_context);
        stream.set_verify_callback([](bool, ssl::verify_context&) { return true; });
        co_await stream.async_handshake(ssl::stream_base::server, asio::use_awaitable);
        if (auto const* const name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name))
            asked_for = name;
        if (auto* const shown = SSL_get1_peer_certificate(stream.native_handle())) {
            has_client_certificate = true;
            X509_free(shown);
        }
        for (;;) {
            char bytes[100];
            auto const size =
                co_await stream.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, end));
            if (end)
                break;
            co_await asio::async_write(stream, asio::buffer(bytes, size), asio::use_awaitable);
        }
        boost::system::error_code ignored;
        co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
        server.socket.close();
    }

    std::string url() const { return server.at("stomp+tls"); }
    std::string url(std::string const& host) const { return "stomps://" + host + ':' + std::to_string(server.port()); }

    /// Connects, sends and receives something, closes.
    void expect_success(std::string where)
    {
        run([&, this]() -> asio::awaitable<void> {
            auto const serving = start(context.get_executor(), serve());
            auto const transport = co_await connect(where);
            co_await write_frame(*transport, "hello");
            auto const echo = co_await read_bytes(*transport, 5);
            BOOST_TEST(echo == "hello");
            BOOST_TEST(transport->remote_endpoint() == "127.0.0.1:" + std::to_string(server.port()));
            co_await transport->close(CloseReason::normal);
            transport->abort();
            co_await finished(serving);
            BOOST_TEST(!serving->failure, serving->failure.what());
            BOOST_TEST(end == asio::error::eof); // close_notify has come
        });
    }

    /// Connects, and returns with what words that fails; `hint` is what it says to do.
    std::string failure(std::string where)
    {
        std::string message;
        run([&, this]() -> asio::awaitable<void> {
            auto const serving = start(context.get_executor(), serve());
            auto const attempt = co_await fail_to_connect(where);
            BOOST_TEST((attempt.phase == ConnectPhase::tls));
            BOOST_TEST(attempt.code.failed());
            message = attempt.message;
            hint = attempt.hint;
            co_await finished(serving); // the socket is closed
        });
        return message;
    }

    TestAuthority authority;
    TcpPeer server;
    ssl::context server_context;
    std::string asked_for;
    std::string hint;
    bool has_client_certificate = false;
    boost::system::error_code end;
};

} // namespace arbalest::test
