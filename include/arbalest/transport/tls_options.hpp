#pragma once

#include <functional>
#include <memory>
#include <string>

namespace boost::asio::ssl {
class context;
}

namespace arbalest {

/// How TLS connections are made (`stomp+tls`, `wss`, `sockjs+https`): TLS 1.2 at least, the peer's certificate and its
/// host name checked. What cannot be used, for instance a file, makes the attempt fail (ConnectPhase::tls).
class TlsOptions
{
public:
    TlsOptions() = default;

    /// Whether the peer's certificate must come from a trusted authority and be valid now. Default true.
    bool verify_peer = true;
    /// Whether the certificate must be for the host that is connected to (RFC 9525), also when `verify_peer` is off.
    /// Default true.
    bool verify_host_name = true;
    /// The name that is asked for (SNI, RFC 6066, 3; never an address) and checked. The dot at the end of an absolute
    /// name is left out, and so is the zone of an IPv6 address. Default empty: the URL's host.
    std::string server_name;
    /// Whether the common name counts where a certificate has no subjectAltName, which RFC 9525 (2) forbids: for old
    /// certificates. Default false.
    bool accept_common_name = false;

    /// Whether the authorities that the system trusts are trusted. Default true.
    bool use_system_trust_store = true;
    /// A file with the certificates of more authorities (PEM). Default empty: none.
    std::string ca_file;
    /// A file with our own certificate, followed by those of the authorities in between (PEM), for brokers that ask for
    /// one. Default empty: none.
    std::string certificate_file;
    /// A file with the private key of our certificate (PEM). Default empty: it is in `certificate_file`.
    std::string private_key_file;
    /// The passphrase of the private key. Default empty.
    std::string private_key_passphrase;
    /// Asked for the passphrase instead, at each attempt to connect with a certificate of our own, when
    /// `private_key_passphrase` is empty; blocks the executor meanwhile. Default none.
    std::function<std::string()> ask_private_key_passphrase;

    /// A context of the caller's own, whose settings then hold: trust, certificates, versions, ciphers. Of the fields
    /// above only the first four count. Its host flags are kept, and a name or an address that its X509_VERIFY_PARAM
    /// pins is checked in place of ours, also when `verify_host_name` is off. A verify callback of the context is asked
    /// first, and its answer judged like OpenSSL's own. Default null.
    std::shared_ptr<boost::asio::ssl::context> context;
};

} // namespace arbalest
