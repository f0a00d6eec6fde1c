#include "certificate_verifier.hpp"

#include "../protocol/peer_text.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

#include <array>
#include <memory>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string_view>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

constexpr std::size_t most_names = 10;

std::string text_of(ASN1_STRING const* text)
{
    unsigned char* utf8 = nullptr;
    auto const size = ASN1_STRING_to_UTF8(&utf8, text);
    if (size < 0)
        return {};
    auto result = peer_text(std::string_view(reinterpret_cast<char const*>(utf8), static_cast<std::size_t>(size)));
    OPENSSL_free(utf8);
    return result;
}

std::string address_text(ASN1_STRING const* address)
{
    auto const* const bytes = ASN1_STRING_get0_data(address);
    if (ASN1_STRING_length(address) == 4) {
        asio::ip::address_v4::bytes_type v4;
        std::copy_n(bytes, v4.size(), v4.begin());
        return asio::ip::address_v4(v4).to_string();
    }
    if (ASN1_STRING_length(address) == 16) {
        asio::ip::address_v6::bytes_type v6;
        std::copy_n(bytes, v6.size(), v6.begin());
        return asio::ip::address_v6(v6).to_string();
    }
    return {};
}

std::string common_name(X509_NAME const* name)
{
    auto const index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (index < 0)
        return {};
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
}

std::string in_quotes(std::string const& text)
{
    return '\'' + text + '\'';
}

// The names that a certificate is good for; empty when it has no subjectAltName.
std::string names_of(X509* certificate)
{
    struct FreeNames
    {
        void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
    };
    std::unique_ptr<GENERAL_NAMES, FreeNames> const names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::string result;
    std::size_t count = 0;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto const* const name = sk_GENERAL_NAME_value(names.get(), i);
        std::string text;
        if (name->type == GEN_DNS)
            text = text_of(name->d.dNSName);
        else if (name->type == GEN_IPADD)
            text = address_text(name->d.iPAddress);
        if (text.empty())
            continue;
        if (++count > most_names)
            return result + " and others";
        result += (result.empty() ? "" : ", ") + in_quotes(text);
    }
    return result;
}

std::string describe_mismatch(X509* certificate, std::string const& name)
{
    auto const names = names_of(certificate);
    if (!names.empty())
        return "host name mismatch: the peer's certificate is for " + names + ", not for " + in_quotes(name);
    return "host name mismatch: the peer's certificate has no subjectAltName for " + in_quotes(name) +
           ", and its common name " + in_quotes(common_name(X509_get_subject_name(certificate))) +
           " does not count unless TlsOptions::accept_common_name is set";
}

std::string time_text(ASN1_TIME const* time)
{
    struct FreeBio
    {
        void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
    };
    std::unique_ptr<BIO, FreeBio> const memory(BIO_new(BIO_s_mem()));
    if (!memory || ASN1_TIME_print(memory.get(), time) != 1)
        return "an unknown time";
    char* text = nullptr;
    auto const size = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

bool is_about_name(int error) noexcept
{
    return error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH;
}

std::string describe(int error, X509* certificate, std::string const& name)
{
    auto const subject = in_quotes(common_name(X509_get_subject_name(certificate)));
    auto const issuer = in_quotes(common_name(X509_get_issuer_name(certificate)));
    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return describe_mismatch(certificate, name);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "the peer's certificate, " + subject + ", is self-signed and not trusted";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return "unknown authority: " + subject + " is not trusted";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "unknown authority: the certificate of " + subject + " was issued by " + issuer +
               ", which is not trusted";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "the certificate of " + subject + " expired on " + time_text(X509_get0_notAfter(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "the certificate of " + subject + " is not valid before " + time_text(X509_get0_notBefore(certificate));
    default:
        return "the certificate of " + subject + " was not accepted: " + X509_verify_cert_error_string(error);
    }
}

std::string hint_for(int error)
{
    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "if that is the right broker, name it as its certificate does in StompConfig::tls.server_name";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "to trust it, put that certificate into the file that StompConfig::tls.ca_file names";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "StompConfig::tls.ca_file names the file with the certificates of the authorities to trust";
    default:
        return {};
    }
}

} // namespace

bool CertificateVerifier::on_verify(bool passed, X509_STORE_CTX* checked)
{
    if (passed)
        return true;
    auto const error = X509_STORE_CTX_get_error(checked);
    bool const matters = is_about_name(error) ? verify_host_name_ : verify_peer_;
    if (!matters) {
        X509_STORE_CTX_set_error(checked, X509_V_OK);
        return true;
    }
    hint_ = hint_for(error);
    auto* const certificate = X509_STORE_CTX_get_current_cert(checked);
    failure_ = certificate
                   ? describe(error, certificate, name_)
                   : std::string("the peer's certificate was not accepted: ") + X509_verify_cert_error_string(error);
    return false;
}

std::string describe_tls_failure(boost::system::error_code const& code)
{
    if (code == asio::error::eof || code == asio::ssl::error::stream_truncated ||
        code == asio::error::connection_reset || code == asio::error::broken_pipe)
        return "the peer closed the connection during the TLS handshake; it may speak no TLS: " + code.message();
    if (code.category() != asio::error::get_ssl_category())
        return "the TLS handshake failed: " + code.message();
    switch (ERR_GET_REASON(static_cast<unsigned long>(code.value()))) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_UNEXPECTED_MESSAGE:
        return "the peer speaks no TLS: " + code.message();
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
        return "no TLS version that both sides accept (TLS 1.2 at least): " + code.message();
    default:
        return "the TLS handshake failed: " + code.message();
    }
}

std::string hint_for_tls_failure(boost::system::error_code const& code)
{
    constexpr auto plain = "for a port without TLS use stomp:// or ws://";
    if (code == asio::error::eof || code == asio::ssl::error::stream_truncated ||
        code == asio::error::connection_reset || code == asio::error::broken_pipe)
        return plain;
    if (code.category() != asio::error::get_ssl_category())
        return {};
    switch (ERR_GET_REASON(static_cast<unsigned long>(code.value()))) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
    case SSL_R_UNEXPECTED_MESSAGE:
        return plain;
    default:
        return {};
    }
}

bool is_about_our_certificate(boost::system::error_code const& code) noexcept
{
    if (code.category() != asio::error::get_ssl_category())
        return false;
    switch (ERR_GET_REASON(static_cast<unsigned long>(code.value()))) {
    case SSL_R_SSLV3_ALERT_NO_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return true;
    default:
        return false;
    }
}

} // namespace arbalest::detail
