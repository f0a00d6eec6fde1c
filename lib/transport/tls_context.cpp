#include "tls.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <exception>
#include <openssl/ssl.h>
#include <stdexcept>
#include <string>

namespace arbalest::detail {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

void check(error_code const& code, std::string const& what)
{
    if (code)
        throw std::invalid_argument(what + ": " + code.message());
}

std::string passphrase_of(TlsOptions const& options)
{
    if (!options.private_key_passphrase.empty() || !options.ask_private_key_passphrase)
        return options.private_key_passphrase;
    try {
        return options.ask_private_key_passphrase();
    } catch (std::exception const& error) {
        throw std::invalid_argument(std::string("no passphrase for the private key: ") + error.what());
    } catch (...) {
        throw std::invalid_argument("no passphrase for the private key: an exception of an unknown type");
    }
}

void use_own_certificate(ssl::context& context, TlsOptions const& options)
{
    auto const& key = options.private_key_file.empty() ? options.certificate_file : options.private_key_file;
    if (key.empty())
        return;
    // Always set, for without a callback OpenSSL would ask at the terminal.
    auto passphrase = passphrase_of(options);
    context.set_password_callback([passphrase](std::size_t, ssl::context::password_purpose) { return passphrase; });
    error_code code;
    if (!options.certificate_file.empty()) {
        context.use_certificate_chain_file(options.certificate_file, code);
        check(code, "cannot use the certificate in '" + options.certificate_file + "'");
    }
    context.use_private_key_file(key, ssl::context::pem, code);
    check(code, "cannot use the private key in '" + key +
                    "' (is it there, is the passphrase right, does it belong to the certificate?)");
    // It need not stay in memory.
    context.set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
}

} // namespace

std::shared_ptr<ssl::context> make_tls_context(TlsOptions const& options)
{
    if (options.context)
        return options.context;
    auto const context = std::make_shared<ssl::context>(ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    error_code code;
    if (options.use_system_trust_store) {
        context->set_default_verify_paths(code);
        check(code, "cannot read the system's trusted authorities");
    }
    if (!options.ca_file.empty()) {
        context->load_verify_file(options.ca_file, code);
        check(code, "cannot read the authorities in '" + options.ca_file + "'");
    }
    use_own_certificate(*context, options);
    return context;
}

} // namespace arbalest::detail
