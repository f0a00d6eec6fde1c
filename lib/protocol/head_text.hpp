#pragma once

#include "copy_text.hpp"
#include <arbalest/protocol/frame.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace arbalest::detail {

/// The texts of a frame's head as they stand in its block, one behind the other. Looking through them in one go is
/// faster than through each header by itself.
class HeadText
{
public:
    /// Whether there is surely no byte among them that must be escaped, or cannot be encoded, in any version: NUL, line
    /// feed, carriage return, colon, backslash. False says nothing: what was removed from the frame may still be there.
    static bool needs_no_escapes(Frame const& frame) noexcept
    {
        if (!frame.block_)
            return true;
        auto& block = *frame.block_;
        auto const text = std::string_view(block.text(), block.text_size);
        if (block.body_length == 0)
            return needs_no_escapes(text);
        return needs_no_escapes(text.substr(0, block.body_offset)) &&
               needs_no_escapes(text.substr(block.body_offset + block.body_length));
    }

    /// The bytes of the command, the headers and the body together, or more where something was removed.
    static std::size_t size(Frame const& frame) noexcept { return frame.block_ ? frame.block_->text_size : 0; }

    /// Copies a text of a frame's that has a header, in pieces of 16 bytes as they were stored: what is behind a text
    /// is still inside of the frame. Like copy_in_pieces(), may write up to the next multiple of them.
    ///
    /// @param no_escapes becomes false when there is a byte in the text about which needs_no_escapes() would not
    /// be sure.
    static char* copy(char* to, std::string_view text, bool& no_escapes) noexcept
    {
#ifdef __SSE2__
        auto const* from = text.data();
        auto size = text.size();
        unsigned found = 0;
        for (; size >= step; size -= step, from += step, to += step) {
            auto const part = load(from);
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to), part);
            found |= static_cast<unsigned>(_mm_movemask_epi8(special(part)));
        }
        if (size != 0) {
            auto const part = load(from);
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to), part);
            found |= static_cast<unsigned>(_mm_movemask_epi8(special(part))) & ((1U << size) - 1);
        }
        no_escapes = no_escapes && found == 0;
        return to + size;
#else
        copy_text(to, text.data(), text.size());
        no_escapes = no_escapes && needs_no_escapes(text);
        return to + text.size();
#endif
    }

    /// The same for a body, of which nothing is asked.
    static char* copy_body(char* to, std::string_view body) noexcept
    {
#ifdef __SSE2__
        auto const* from = body.data();
        for (std::size_t done = 0; done < body.size(); done += step)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to + done), load(from + done));
#else
        copy_text(to, body.data(), body.size());
#endif
        return to + body.size();
    }

private:
#ifdef __SSE2__
    static constexpr std::size_t step = 16;

    static __m128i special(__m128i part) noexcept
    {
        auto const equal = [part](char byte) { return _mm_cmpeq_epi8(part, _mm_set1_epi8(byte)); };
        return _mm_or_si128(_mm_or_si128(_mm_or_si128(equal('\0'), equal('\n')), _mm_or_si128(equal('\r'), equal(':'))),
                            equal('\\'));
    }

    static __m128i load(char const* bytes) noexcept
    {
        return _mm_loadu_si128(reinterpret_cast<__m128i const*>(bytes));
    }

    static bool needs_no_escapes(std::string_view text) noexcept
    {
        if (text.size() < step) {
            std::array<char, step> padded;
            padded.fill('a');
            if (!text.empty())
                std::memcpy(padded.data(), text.data(), text.size());
            return _mm_movemask_epi8(special(load(padded.data()))) == 0;
        }
        auto const* const last = text.data() + text.size() - step;
        auto found = special(load(last)); // overlaps with what is before it
        for (auto const* at = text.data(); at < last; at += step)
            found = _mm_or_si128(found, special(load(at)));
        return _mm_movemask_epi8(found) == 0;
    }
#else
    static bool needs_no_escapes(std::string_view text) noexcept
    {
        using namespace std::string_view_literals;
        return text.find_first_of("\0\n\r:\\"sv) == text.npos;
    }
#endif
};

} // namespace arbalest::detail
