#include <arbalest/classic/host_and_port.hpp>

#include <ostream>

namespace arbalest::classic {

std::ostream& operator<<(std::ostream& out, HostAndPort const& host_and_port)
{
    bool const is_v6 = host_and_port.host.find(':') != std::string::npos;
    return out << (is_v6 ? "[" : "") << host_and_port.host << (is_v6 ? "]:" : ":") << host_and_port.port;
}

} // namespace arbalest::classic
