#include "simd_head.hpp"

#ifdef ARBALEST_SIMD_HEAD
#include "head_scan.hpp"
#endif

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

namespace arbalest::detail {

#ifdef ARBALEST_SIMD_HEAD

namespace {

constexpr std::string_view length_name = "content-length";

// Of a name that is as long.
bool is_length_name(char const* name) noexcept
{
    return std::memcmp(name, length_name.data(), length_name.size()) == 0;
}

// In one store: the processor then forwards it to a load of the same size.
void put(HeaderSlot& slot, std::uint64_t name_offset, std::uint64_t name_length, std::uint64_t value_offset,
         std::uint64_t value_length) noexcept
{
    auto const halves = _mm_set_epi64x(static_cast<long long>(value_offset | value_length << 32),
                                       static_cast<long long>(name_offset | name_length << 32));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&slot), halves);
}

constexpr ScanByAvx2 scan;

} // namespace

// Whether every line and every header begins and ends where it did in the last head.
[[gnu::target("avx2,bmi,bmi2"), gnu::flatten]] bool SimdHead::has_same_structure(std::string_view text) const noexcept
{
    if (!is_remembered_ || text.size() < body_ || !scan.has_structure(text.data(), structure_.data(), body_))
        return false;
    return !long_as_length_ ||
           is_length_name(text.data() + long_as_length_->name_offset) == (content_length_ != nullptr);
}

[[gnu::target("avx2,bmi,bmi2"), gnu::flatten]] bool SimdHead::parse_blocks(std::string_view text) noexcept
{
    constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
    auto const* const frame = text.data();
    auto const available = std::min<std::size_t>(text.size(), std::numeric_limits<std::uint32_t>::max());
    auto* const end = slots_.data() + most_headers;
    auto* const last = end - std::min(bounds_.headers, most_headers);
    auto* slot = end;
    auto line = command_length + 1;
    auto colon = none; // of the line in progress, in an earlier block
    bool special = false;
    is_remembered_ = false;
    content_length_ = nullptr;
    for (std::size_t base = 0; base < available; base += head_block) {
        auto const found = scan(frame + base, available - base);
        auto line_feeds = found.line_feeds;
        auto colons = found.colons;
        if (base == 0) // the line feed behind the command is of no interest
            line_feeds &= ~below(static_cast<int>(command_length + 1));
        while (line_feeds != 0) {
            auto const bit = std::countr_zero(line_feeds);
            auto const position = base + static_cast<std::size_t>(bit);
            if (position == line) {
                special = special || (found.special & below(bit)) != 0;
                auto const head = text.substr(0, position);
                // No line is longer than all of them.
                if (position > bounds_.header_line || position + 2 > bounds_.frame ||
                    (special && (head.find('\0') != head.npos || head.find('\r') != head.npos)))
                    return false;
                body_ = position + 1;
                first_ = slot;
                may_have_escapes_ = special;
                if (!special)
                    remember(text.substr(0, body_));
                return true;
            }
            // Colons of earlier lines are gone, so the first that is left is of this line, or of a later one, or behind
            // this block where there is none.
            auto const first = std::min(colon, base + static_cast<std::size_t>(std::countr_zero(colons)));
            if (first >= position || first == line || slot == last)
                return false;
            --slot;
            if (first - line == length_name.size() && is_length_name(frame + line) && !content_length_)
                content_length_ = slot;
            put(*slot, line, first - line, first + 1, position - first - 1);
            line = position + 1;
            colon = none;
            colons &= ~(line_feeds ^ (line_feeds - 1)); // up to this line feed
            line_feeds &= line_feeds - 1;
        }
        if (colon == none && colons != 0)
            colon = base + static_cast<std::size_t>(std::countr_zero(colons));
        special = special || found.special != 0;
    }
    return false;
}

// A head without NUL, carriage return and backslash.
[[gnu::target("avx2,bmi,bmi2")]] inline void SimdHead::remember(std::string_view head) noexcept
{
    if (head.size() < head_piece || head.size() > structure_.size())
        return;
    long_as_length_ = nullptr;
    for (auto const& slot : slots()) {
        if (slot.name_length != length_name.size())
            continue;
        if (long_as_length_)
            return; // which of them comes first would have to be found out again
        long_as_length_ = &slot;
    }
    scan.keep_structure(head.data(), structure_.data(), head.size());
    is_remembered_ = true;
}

// Whichever processor has AVX2 has the others as well.
bool SimdHead::is_enabled =
    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");

#else

bool SimdHead::is_enabled = false;

#endif

} // namespace arbalest::detail
