#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// The head of an HTTP answer (RFC 9112), as it comes. Interim answers are skipped (RFC 9110, 15.2), but for 101, which
/// is final here. It looks no further than the head: who has refused may send any body, or none, or never end it. What
/// the head consists of is read leniently; whoever needs it to be in order looks at text().
class HttpHead
{
public:
    enum class State : std::uint8_t {
        incomplete,
        complete,
        not_http, ///< The first bytes are none of HTTP/1.
        too_long, ///< Longer than anyone needs.
    };

    /// Takes bytes from the peer, as far as they belong to the head. Returns how many.
    std::size_t take(std::string_view bytes);

    State state() const noexcept { return state_; }
    /// The status, as soon as its line has come; zero before, and when there is none.
    unsigned status() const noexcept { return status_; }
    /// What stands behind the status; empty when nothing does.
    std::string_view reason() const noexcept;
    /// All that was taken, but for interim answers.
    std::string_view text() const noexcept { return text_; }
    /// The value of the first field with that name; empty when there is none.
    std::string_view field(std::string_view name) const noexcept;

private:
    void end_line();
    void begin_answer() noexcept;

    std::string text_;
    std::size_t line_ = 0;  // where the current line begins
    std::size_t total_ = 0; // with interim answers
    unsigned status_ = 0;
    State state_ = State::incomplete;
};

} // namespace arbalest::detail
