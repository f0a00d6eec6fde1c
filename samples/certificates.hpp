#pragma once

#include <arbalest/broker/embedded_broker.hpp>

#include <string>

/// A file of the folder certificates/, which the build names: a certificate for 127.0.0.1 and localhost with its key,
/// and that of the authority that has signed it. Made with openssl for the samples; trusted by nobody else.
inline std::string certificate_file(std::string const& name)
{
    return std::string(SAMPLE_CERTIFICATES) + '/' + name;
}

/// A broker that identifies itself with that certificate.
inline arbalest::BrokerConfig broker_with_certificate()
{
    arbalest::BrokerConfig config;
    config.tls.certificate_file = certificate_file("broker.crt");
    config.tls.private_key_file = certificate_file("broker.key");
    return config;
}
