#pragma once

#include <arbalest/protocol/frame.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#if defined(__x86_64__) && defined(__GNUC__)
#define ARBALEST_USUAL_HEAD_AVX2
#endif

// Taking apart, in one pass, the head of a MESSAGE or a RECEIPT that is there as a whole and has nothing about it that
// needs a closer look. That is how nearly all of them come; and nearly all have their lines and colons where the one
// before had them, so that is looked at first.
namespace arbalest::detail {

/// One head after the other.
class UsualHead
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

    explicit UsualHead(Bounds const& bounds) noexcept : bounds_(bounds) {}
    UsualHead(UsualHead const&) = delete; // it points into itself
    UsualHead& operator=(UsualHead const&) = delete;

    /// Returns false where it is not like that; then nothing is said about the head.
    bool take_apart(std::string_view text) noexcept
    {
#ifdef ARBALEST_USUAL_HEAD_AVX2
        if (has_avx2)
            return has_usual_command(text) && (is_like_the_last_by_avx2(text) || look_closely_by_avx2(text));
#endif
        return take_apart_plainly(text);
    }
    /// The same, as it is done where the processor has no AVX2.
    bool take_apart_plainly(std::string_view text) noexcept;

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
    static bool has_usual_command(std::string_view text) noexcept
    {
        return text.starts_with("MESSAGE\n") || text.starts_with("RECEIPT\n");
    }
    template <class Scan>
    bool is_like_the_last(Scan scan, std::string_view text) const noexcept;
    template <class Scan>
    bool look_closely(Scan scan, std::string_view text) noexcept;
    template <class Scan>
    void remember(Scan scan, std::string_view head) noexcept;
#ifdef ARBALEST_USUAL_HEAD_AVX2
    static bool const has_avx2; // false until it has been found out, which does no harm
    bool is_like_the_last_by_avx2(std::string_view text) const noexcept;
    bool look_closely_by_avx2(std::string_view text) noexcept;
#endif

    Bounds const bounds_;
    std::array<HeaderSlot, most_headers> slots_; // filled from the end
    HeaderSlot const* first_ = nullptr;
    HeaderSlot const* content_length_ = nullptr;
    std::size_t body_ = 0;
    bool may_have_escapes_ = false;

    // What structure the last head has, if what was found there can hold for the next one as well; and the one name
    // that may be "content-length".
    std::array<char, 256> structure_;
    bool is_remembered_ = false;
    HeaderSlot const* long_as_length_ = nullptr;
};

} // namespace arbalest::detail
