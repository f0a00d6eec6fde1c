#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace arbalest::classic::detail {

/// The text with whatever is not UTF-8 replaced by U+FFFD, one for each maximal part of an ill-formed sequence
/// (Unicode, 3.9); nullopt when it is UTF-8 all through.
std::optional<std::string> replace_ill_formed(std::string_view text);

/// Between the encoding of bodies and UTF-8.
class TextCodec
{
public:
    /// @throws std::invalid_argument when there is no such encoding.
    explicit TextCodec(std::string encoding);

    /// To UTF-8; what is no text becomes U+FFFD. nullopt when nothing has to be changed.
    std::optional<std::string> decode(std::string_view body) const;
    /// From UTF-8; what the encoding has not becomes "?". nullopt when nothing has to be changed.
    std::optional<std::string> encode(std::string_view text) const;

private:
    std::string encoding_; // empty: UTF-8
};

} // namespace arbalest::classic::detail
