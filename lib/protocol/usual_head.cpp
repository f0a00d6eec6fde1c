#include "usual_head.hpp"

#include "head_scan.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

namespace arbalest::detail {

namespace {

constexpr std::string_view length_name = "content-length";

bool is_length_name(char const* name, std::size_t size) noexcept
{
    return size == length_name.size() && std::memcmp(name, length_name.data(), length_name.size()) == 0;
}

} // namespace

// Always inlined, so that it is compiled for the processor that its callers are for.
template <class Scan>
[[gnu::always_inline]] inline bool UsualHead::take_apart_by(Scan scan, std::string_view text,
                                                            Bounds const& bounds) noexcept
{
    auto const* const frame = text.data();
    auto const available = std::min<std::size_t>(text.size(), std::numeric_limits<std::uint32_t>::max());
    auto const headers = std::min(bounds.headers, most_headers);
    auto line = command_length + 1;
    std::size_t colon = 0; // of the line in progress; 0 for none yet
    std::size_t count = 0;
    bool unusual = false;
    content_length_ = most_headers;
    for (std::size_t base = 0; base < available; base += head_block) {
        auto const found = scan(frame + base, available - base);
        auto line_feeds = found.line_feeds;
        auto colons = found.colons;
        if (base == 0) // the line feed behind the command is of no interest
            line_feeds &= ~below(static_cast<int>(command_length + 1));
        while (line_feeds != 0) {
            auto const bit = std::countr_zero(line_feeds);
            auto const position = base + static_cast<std::size_t>(bit);
            // Colons of earlier lines are gone, so the first that is left is of this line, or of a later one.
            if (colon == 0 && colons != 0)
                colon = base + static_cast<std::size_t>(std::countr_zero(colons));
            if (position == line) {
                unusual = unusual || (found.unusual & below(bit)) != 0;
                auto const head = text.substr(0, position);
                // No line is longer than all of them.
                if (position > bounds.header_line || position + 2 > bounds.frame ||
                    (unusual && (head.find('\0') != head.npos || head.find('\r') != head.npos)))
                    return false;
                body_ = position + 1;
                count_ = count;
                may_have_escapes_ = unusual;
                return true;
            }
            // A colon there must be, behind a name; one that is none is 0 here.
            if (colon - line - 1 >= position - line - 1 || count == headers)
                return false;
            if (is_length_name(frame + line, colon - line) && content_length_ == most_headers)
                content_length_ = count;
            ++count;
            slots_[most_headers - count] = {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(colon - line),
                                            static_cast<std::uint32_t>(colon + 1),
                                            static_cast<std::uint32_t>(position - colon - 1)};
            line = position + 1;
            colon = 0;
            colons &= ~below(bit);
            line_feeds &= line_feeds - 1;
        }
        if (colon == 0 && colons != 0)
            colon = base + static_cast<std::size_t>(std::countr_zero(colons));
        unusual = unusual || found.unusual != 0;
    }
    return false;
}

namespace {

bool has_usual_command(std::string_view text) noexcept
{
    return text.starts_with("MESSAGE\n") || text.starts_with("RECEIPT\n");
}

} // namespace

bool UsualHead::take_apart_plainly(std::string_view text, Bounds const& bounds) noexcept
{
    return has_usual_command(text) && take_apart_by(ScanByBlock(), text, bounds);
}

#if defined(__x86_64__) && defined(__GNUC__)

// Whichever processor has AVX2 has the others as well.
[[gnu::target("avx2,bmi,bmi2")]] bool UsualHead::take_apart_by_avx2(std::string_view text,
                                                                    Bounds const& bounds) noexcept
{
    return take_apart_by(ScanByAvx2(), text, bounds);
}

bool UsualHead::take_apart(std::string_view text, Bounds const& bounds) noexcept
{
    static bool const has_avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    if (!has_avx2)
        return take_apart_plainly(text, bounds);
    return has_usual_command(text) && take_apart_by_avx2(text, bounds);
}

#else

bool UsualHead::take_apart(std::string_view text, Bounds const& bounds) noexcept
{
    return take_apart_plainly(text, bounds);
}

#endif

} // namespace arbalest::detail
