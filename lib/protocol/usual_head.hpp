#pragma once

#include <arbalest/protocol/frame.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#if defined(__x86_64__) && defined(__GNUC__)
#define ARBALEST_USUAL_HEAD_AVX2
#endif

// Taking apart, in one pass, the head of a MESSAGE or a RECEIPT that is there as a whole and has nothing about it that
// needs a closer look. That is how nearly all of them come.
namespace arbalest::detail {

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

    UsualHead() = default;
    UsualHead(UsualHead const&) = delete; // it points into itself
    UsualHead& operator=(UsualHead const&) = delete;

    /// Returns false where it is not like that; then nothing is said about the head.
    bool take_apart(std::string_view text, Bounds const& bounds) noexcept
    {
#ifdef ARBALEST_USUAL_HEAD_AVX2
        if (has_avx2)
            return has_usual_command(text) && take_apart_by_avx2(text, bounds);
#endif
        return take_apart_plainly(text, bounds);
    }
    /// The same, as it is done where the processor has no AVX2.
    bool take_apart_plainly(std::string_view text, Bounds const& bounds) noexcept;

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
    bool take_apart_by(Scan scan, std::string_view text, Bounds const& bounds) noexcept;
#ifdef ARBALEST_USUAL_HEAD_AVX2
    static bool const has_avx2; // false until it has been found out, which does no harm
    bool take_apart_by_avx2(std::string_view text, Bounds const& bounds) noexcept;
#endif

    std::array<HeaderSlot, most_headers> slots_; // filled from the end
    HeaderSlot const* first_;
    HeaderSlot const* content_length_;
    std::size_t body_;
    bool may_have_escapes_;
};

} // namespace arbalest::detail
