#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace arbalest::test {

/// What a certificate shall say.
class CertificateRequest
{
public:
    CertificateRequest() = default;

    /// The common name of the subject. Default "localhost".
    std::string common_name = "localhost";
    /// The alternative names: host names, "*.example.org" among them, and addresses in numbers. Default none.
    std::vector<std::string> dns_names;
    std::vector<std::string> ip_addresses;
    /// From when to when it is valid, in seconds from now. Default from an hour ago until tomorrow.
    std::chrono::seconds valid_from{-3600};
    std::chrono::seconds valid_until{86400};
    /// Encrypts the file with the key. Default empty: it is not encrypted.
    std::string passphrase;
};

/// A certificate and its key, as files and as text (PEM).
class IssuedCertificate
{
public:
    IssuedCertificate() = default;

    std::string certificate_file;
    std::string key_file;
    std::string certificate_pem;
    std::string key_pem;
};

/// A certification authority that nobody else knows. Its files are in a temporary folder, which goes when it goes.
class TestAuthority
{
public:
    explicit TestAuthority(std::string const& name = "Arbalest test authority");
    ~TestAuthority();
    TestAuthority(TestAuthority const&) = delete;
    TestAuthority& operator=(TestAuthority const&) = delete;

    /// A certificate that the authority has signed, good for servers and for clients.
    IssuedCertificate issue(CertificateRequest const& request);
    /// One that is signed with its own key instead.
    IssuedCertificate issue_self_signed(CertificateRequest const& request);

    /// The authority's own certificate (PEM).
    std::string const& ca_file() const noexcept { return ca_.certificate_file; }
    std::string const& ca_pem() const noexcept { return ca_.certificate_pem; }
    /// Where the files are; others may be added.
    std::filesystem::path const& folder() const noexcept { return folder_; }

private:
    class Signer;

    std::filesystem::path folder_;
    std::unique_ptr<Signer> signer_;
    IssuedCertificate ca_;
    long issued_ = 0;
};

} // namespace arbalest::test
