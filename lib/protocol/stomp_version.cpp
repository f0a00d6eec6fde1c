#include <arbalest/protocol/stomp_version.hpp>

#include <algorithm>
#include <ostream>

namespace arbalest {

std::string_view to_string(StompVersion version) noexcept
{
    switch (version) {
    case StompVersion::v1_0:
        return "1.0";
    case StompVersion::v1_1:
        return "1.1";
    case StompVersion::v1_2:
        break;
    }
    return "1.2";
}

std::optional<StompVersion> parse_stomp_version(std::string_view text) noexcept
{
    for (auto version : {StompVersion::v1_0, StompVersion::v1_1, StompVersion::v1_2}) {
        if (text == to_string(version))
            return version;
    }
    return std::nullopt;
}

std::string accept_version_value(std::span<StompVersion const> versions)
{
    std::string value;
    for (auto version : versions) {
        if (!value.empty())
            value += ',';
        value += to_string(version);
    }
    return value;
}

std::optional<StompVersion> negotiate_version(std::optional<std::string_view> accept_version,
                                              std::span<StompVersion const> supported) noexcept
{
    auto rest = accept_version.value_or("1.0");
    std::optional<StompVersion> best;
    for (;;) {
        auto const comma = rest.find(',');
        auto item = rest.substr(0, comma);
        while (item.starts_with(' '))
            item.remove_prefix(1);
        while (item.ends_with(' '))
            item.remove_suffix(1);
        auto const version = parse_stomp_version(item);
        if (version && std::ranges::find(supported, *version) != supported.end() && (!best || *best < *version))
            best = version;
        if (comma == std::string_view::npos)
            return best;
        rest.remove_prefix(comma + 1);
    }
}

std::ostream& operator<<(std::ostream& out, StompVersion version)
{
    return out << to_string(version);
}

} // namespace arbalest
