#include "../protocol/peer_text.hpp"
#include "certificate_verifier.hpp"
#include "http.hpp"
#include "tls.hpp"
#include <arbalest/transport/error.hpp>
#include <arbalest/transport/over_tls.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using TlsStream = ssl::stream<ConnectedStream>;

// A check that cannot be installed must not be left out in silence.
void require(bool done, char const* what, std::string const& name)
{
    if (!done)
        throw std::invalid_argument(std::string(what) + " '" + peer_text(name) + "'");
}

// Whom the certificate must be for: a DNS name or an address.
class PeerName
{
public:
    // Without the dot that ends an absolute DNS name (RFC 6066, 3), and without the zone of an IPv6 address, which
    // means something on this machine only.
    explicit PeerName(std::string given) : text(std::move(given))
    {
        // OpenSSL takes an empty name for "none", and a dot in front for any host of that domain.
        if (text.ends_with('.'))
            text.pop_back();
        bool const is_usable = !text.empty() && !text.starts_with('.') && !text.ends_with('.') && is_field_value(text);
        require(is_usable, "no name of a server (TlsOptions::server_name, else the URL's host):", text);
        error_code not_an_address;
        auto const parsed = asio::ip::make_address(text, not_an_address);
        if (not_an_address)
            return;
        address = parsed;
        text = text.substr(0, text.find('%'));
    }

    std::string text;
    std::optional<asio::ip::address> address;
};

template <class Bytes>
bool set_address(X509_VERIFY_PARAM* checks, Bytes const& bytes)
{
    return X509_VERIFY_PARAM_set1_ip(checks, bytes.data(), bytes.size()) == 1;
}

// The name or address that the caller's own context wants to be checked; empty when there is none.
std::string pinned_name(X509_VERIFY_PARAM* checks)
{
    if (auto const* const host = X509_VERIFY_PARAM_get0_host(checks, 0))
        return host;
    std::string result;
    if (auto* const address = X509_VERIFY_PARAM_get1_ip_asc(checks)) {
        result = address;
        OPENSSL_free(address);
    }
    return result;
}

// Whom to ask for, and what to check. OpenSSL makes all checks; the verifier says which of them count.
std::shared_ptr<CertificateVerifier> prepare(TlsStream& stream, TlsOptions options, PeerName const& name)
{
    auto* const connection = stream.native_handle();
    auto* const context = SSL_get_SSL_CTX(connection);
    auto* const checks = SSL_get0_param(connection);
    if (!name.address) {
        require(SSL_set_tlsext_host_name(connection, name.text.c_str()) == 1, "cannot ask for the server name",
                name.text);
    }
    // A connection does not inherit these flags from its context, unless a name is pinned there.
    auto flags = X509_VERIFY_PARAM_get_hostflags(SSL_CTX_get0_param(context)) | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    if (!options.accept_common_name)
        flags |= X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    X509_VERIFY_PARAM_set_hostflags(checks, flags);
    auto checked = pinned_name(checks);
    if (!checked.empty()) {
        options.verify_host_name = true;
    } else if (options.verify_host_name) {
        checked = name.text;
        bool installed = false;
        if (!name.address)
            installed = X509_VERIFY_PARAM_set1_host(checks, checked.data(), checked.size()) == 1;
        else if (name.address->is_v4())
            installed = set_address(checks, name.address->to_v4().to_bytes());
        else
            installed = set_address(checks, name.address->to_v6().to_bytes());
        require(installed, "cannot check the server name", checked);
    }
    auto verifier = std::make_shared<CertificateVerifier>(options, checked);
    auto* const of_context = SSL_CTX_get_verify_callback(context);
    stream.set_verify_mode(ssl::verify_peer);
    stream.set_verify_callback([of_context, verifier](bool passed, ssl::verify_context& checked) {
        auto* const store = checked.native_handle();
        if (of_context)
            passed = of_context(passed ? 1 : 0, store) == 1;
        return verifier->on_verify(passed, store);
    });
    return verifier;
}

class TlsStreamLayer final : public TlsLayer
{
public:
    explicit TlsStreamLayer(TlsStream stream) : stream_(std::move(stream)) {}

    void read_some(asio::mutable_buffer buffer, Handler handler) override
    {
        stream_.async_read_some(buffer, std::move(handler));
    }

    void write_some(asio::const_buffer buffer, Handler handler) override
    {
        stream_.async_write_some(buffer, std::move(handler));
    }

    void shut_down(ShutdownHandler handler) override { stream_.async_shutdown(std::move(handler)); }

    tcp::socket& socket() noexcept override { return stream_.lowest_layer(); }

    /// Takes everything away.
    std::unique_ptr<Transport> make_transport()
    {
        return std::make_unique<TlsTransport<ConnectedStream>>(std::move(stream_));
    }

private:
    TlsStream stream_;
};

asio::awaitable<TlsStream> perform_tls_handshake(ConnectedStream connection, std::shared_ptr<ssl::context> context,
                                                 TlsOptions options, std::string host, OnFailedAttempt failed)
{
    ConnectAttempt attempt;
    attempt.phase = ConnectPhase::tls;
    attempt.endpoint = remote_text(connection.lowest_layer());
    TlsStream stream(std::move(connection), *context);
    std::shared_ptr<CertificateVerifier> verifier;
    try {
        verifier = prepare(stream, options, PeerName(options.server_name.empty() ? host : options.server_name));
    } catch (std::invalid_argument const& error) {
        attempt.code = transport_errc::unusable_setting;
        attempt.message = error.what();
    }
    if (attempt.code)
        fail_attempt(failed, std::move(attempt));
    co_await stream.async_handshake(ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, attempt.code));
    if (attempt.code) {
        attempt.certificate_refused = !verifier->failure().empty() || is_about_our_certificate(attempt.code);
        attempt.message = verifier->failure().empty() ? describe_tls_failure(attempt.code) : verifier->failure();
        attempt.hint = verifier->failure().empty() ? hint_for_tls_failure(attempt.code) : verifier->hint();
        fail_attempt(failed, std::move(attempt));
    }
    co_return stream;
}

} // namespace

std::unique_ptr<Transport> make_transport(ConnectedStream connection)
{
    if (auto* const tls = connection.tls()) // which put_tls_on() has made
        return static_cast<TlsStreamLayer*>(tls)->make_transport();
    return std::make_unique<StreamTransport<tcp::socket>>(connection.take_socket());
}

asio::awaitable<ConnectedStream> put_tls_on(ConnectedStream connection, std::shared_ptr<ssl::context> context,
                                            TlsOptions options, std::string host, OnFailedAttempt failed)
{
    auto stream = co_await perform_tls_handshake(std::move(connection), std::move(context), std::move(options),
                                                 std::move(host), std::move(failed));
    co_return ConnectedStream(std::make_unique<TlsStreamLayer>(std::move(stream)));
}

} // namespace arbalest::detail
