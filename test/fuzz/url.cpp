// parse_url() either gives a URL that can be used or throws UrlError; neither shows what may be secret.

#include "transport/url.hpp"

#include "fuzz.hpp"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const masked = arbalest::detail::mask_url(text);
    try {
        auto const url = arbalest::detail::parse_url(text);
        require(!url.scheme.empty(), "there is a scheme");
        require(url.socket_path.empty() != url.host.empty(), "there is a host or a socket");
        require(url.socket_path.empty() ? url.port != 0 : url.port == 0, "a host has a port");
        require(url.shown.find('\0') == std::string::npos, "what is shown is text");
        if (url.passcode.size() > 8 && text.find(url.passcode) == text.rfind(url.passcode))
            require(url.shown.find(url.passcode) == std::string::npos, "the passcode is not shown");
    } catch (arbalest::detail::UrlError const& error) {
        require(!error.reason().empty(), "an error has a reason");
    }
    return 0;
}
