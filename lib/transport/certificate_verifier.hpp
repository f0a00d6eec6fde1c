#pragma once

#include <arbalest/transport/tls_options.hpp>

#include <boost/system/error_code.hpp>

#include <string>

struct x509_store_ctx_st;

namespace arbalest::detail {

/// Judges the peer's certificates, one check after the other, and remembers the one that failed.
class CertificateVerifier
{
public:
    CertificateVerifier(TlsOptions const& options, std::string name)
        : verify_peer_(options.verify_peer), verify_host_name_(options.verify_host_name), name_(std::move(name))
    {
    }

    /// Whether to go on.
    /// @param passed whether the check at hand has been passed.
    bool on_verify(bool passed, x509_store_ctx_st* checked);

    /// Which check failed, in words; empty when none has.
    std::string const& failure() const noexcept { return failure_; }
    /// What to do about it; empty when nothing comes to mind.
    std::string const& hint() const noexcept { return hint_; }

private:
    bool verify_peer_;
    bool verify_host_name_;
    std::string name_;
    std::string failure_;
    std::string hint_;
};

/// Why a TLS handshake failed other than by the certificate, in words.
std::string describe_tls_failure(boost::system::error_code const& code);

/// What to try after such a failure; empty when nothing comes to mind.
std::string hint_for_tls_failure(boost::system::error_code const& code);

/// Whether the peer ended the handshake because of our certificate, or because it wants one.
bool is_about_our_certificate(boost::system::error_code const& code) noexcept;

} // namespace arbalest::detail
