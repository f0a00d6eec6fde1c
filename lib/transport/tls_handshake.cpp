#include "roads.hpp"
#include "tls.hpp"
#include "tls_verdict.hpp"
#include <arbalest/transport/over_tls.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Whom to ask for, and what to check. OpenSSL makes all checks; the verdict says which of them count.
void prepare(TlsStream& stream, TlsOptions const& options, std::string const& name, std::shared_ptr<TlsVerdict> verdict)
{
    auto* const connection = stream.native_handle();
    auto* const checks = SSL_get0_param(connection);
    error_code not_an_address;
    asio::ip::make_address(name, not_an_address);
    if (not_an_address)
        SSL_set_tlsext_host_name(connection, name.c_str());
    if (options.verify_host_name && not_an_address) {
        X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        X509_VERIFY_PARAM_set1_host(checks, name.data(), name.size());
    } else if (options.verify_host_name) {
        X509_VERIFY_PARAM_set1_ip_asc(checks, name.c_str());
    }
    auto* const of_context = SSL_CTX_get_verify_callback(SSL_get_SSL_CTX(connection));
    stream.set_verify_mode(ssl::verify_peer);
    stream.set_verify_callback([of_context, verdict = std::move(verdict)](bool passed, ssl::verify_context& checked) {
        auto* const store = checked.native_handle();
        if (of_context)
            passed = of_context(passed ? 1 : 0, store) == 1;
        return verdict->judge(passed, store);
    });
}

} // namespace

asio::awaitable<TlsStream> shake_hands_tls(tcp::socket socket, std::shared_ptr<ssl::context> context,
                                           TlsOptions options, std::string host, OnFailedAttempt failed)
{
    ConnectAttempt attempt;
    attempt.phase = ConnectPhase::tls;
    attempt.endpoint = remote_text(socket);
    auto const name = options.server_name.empty() ? host : options.server_name;
    auto const verdict = std::make_shared<TlsVerdict>(options, name);
    TlsStream stream(std::move(socket), *context);
    prepare(stream, options, name, verdict);
    co_await stream.async_handshake(ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, attempt.code));
    if (attempt.code) {
        attempt.certificate_refused = !verdict->failure().empty() || is_about_our_certificate(attempt.code);
        attempt.message = verdict->failure().empty() ? describe_tls_failure(attempt.code) : verdict->failure();
        fail_attempt(failed, std::move(attempt));
    }
    co_return stream;
}

asio::awaitable<std::unique_ptr<Transport>> open_tls(tcp::socket socket, std::shared_ptr<ssl::context> context,
                                                     TlsOptions options, std::string host, OnFailedAttempt failed)
{
    auto stream = co_await shake_hands_tls(std::move(socket), std::move(context), std::move(options), std::move(host),
                                           std::move(failed));
    co_return std::make_unique<TlsTransport<tcp::socket>>(std::move(stream));
}

} // namespace arbalest::detail
