#include "any_kind.hpp"

namespace arbalest {

std::ostream& operator<<(std::ostream& out, Listen kind)
{
    static constexpr std::array names{"tcp", "tls", "websocket", "secure_websocket"};
    return out << names.at(static_cast<std::size_t>(kind));
}

namespace broker::test {

arbalest::test::TestAuthority& authority()
{
    static arbalest::test::TestAuthority only;
    return only;
}

BrokerConfig with_certificate(BrokerConfig config)
{
    static auto const issued = [] {
        arbalest::test::CertificateRequest request;
        request.ip_addresses = {"127.0.0.1"};
        return authority().issue(request);
    }();
    config.tls.certificate_file = issued.certificate_file;
    config.tls.private_key_file = issued.key_file;
    return config;
}

} // namespace broker::test

} // namespace arbalest
