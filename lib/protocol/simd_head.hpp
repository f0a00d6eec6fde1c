#pragma once

#include <arbalest/protocol/frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#if defined(__x86_64__) && defined(__GNUC__)
#define ARBALEST_SIMD_HEAD
#endif

// A fast parser for complete heads of MESSAGE and RECEIPT, with AVX2. FrameDecoder::scan_head() decides about all
// others. Measured (deliver, try_receive): AVX2 10 % of the time against SSE2; comparing with the structure of the head
// before 37 % of the instructions; without the parser a message costs twice the time.
namespace arbalest::detail {

/// Parses one head after the other.
class SimdHead
{
public:
    static constexpr std::size_t command_length = 7;
    static constexpr std::size_t most_headers = 32;

    /// What bounds a head.
    struct Bounds
    {
        std::size_t header_line;
        std::size_t headers;
        std::size_t frame;
    };

    explicit SimdHead(Bounds const& bounds) noexcept : bounds_(bounds) {}
    SimdHead(SimdHead const&) = delete; // it points into itself
    SimdHead& operator=(SimdHead const&) = delete;

    /// Returns false when the head is incomplete or needs scan_head(), and always without AVX2.
    bool parse(std::string_view text) noexcept
    {
#ifdef ARBALEST_SIMD_HEAD
        if (is_enabled)
            return has_known_command(text) && (has_same_structure(text) || parse_blocks(text));
#else
        static_cast<void>(text);
#endif
        return false;
    }

    /// Whether this processor has AVX2. Tests set it to false, to run the decoder without SIMD. False until static
    /// initialization, which only makes decoding slower.
    static bool is_enabled;

    /// Where the body starts.
    std::size_t body() const noexcept
    {
        return body_;
    }
    /// Whether there is a backslash in the head.
    bool may_have_escapes() const noexcept
    {
        return may_have_escapes_;
    }
    /// The headers in the order in which a frame keeps them: the last one first.
    std::span<HeaderSlot const> slots() const noexcept
    {
        return {first_, slots_.data() + most_headers};
    }
    /// The first header "content-length"; nullptr when there is none.
    HeaderSlot const* content_length() const noexcept
    {
        return content_length_;
    }

private:
    static bool has_known_command(std::string_view text) noexcept
    {
        return text.starts_with("MESSAGE\n") || text.starts_with("RECEIPT\n");
    }
#ifdef ARBALEST_SIMD_HEAD
    bool has_same_structure(std::string_view text) const noexcept;
    bool parse_blocks(std::string_view text) noexcept;
    void remember(std::string_view head) noexcept;
#endif

    Bounds const bounds_;
    std::array<HeaderSlot, most_headers> slots_; // filled from the end
    HeaderSlot const* first_ = nullptr;
    HeaderSlot const* content_length_ = nullptr;
    std::size_t body_ = 0;
    bool may_have_escapes_ = false;

    // The structure of the last head, if the next one may be compared with it; and the one header whose name is as long
    // as "content-length".
    std::array<char, 256> structure_;
    bool is_remembered_ = false;
    HeaderSlot const* long_as_length_ = nullptr;
};

} // namespace arbalest::detail
