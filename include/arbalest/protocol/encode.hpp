#pragma once

#include <arbalest/export.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <string>

namespace arbalest {

/// How encode() treats the length of the body.
enum class ContentLength : bool {
    as_given,  ///< Only what the caller put into the frame. A body with a NUL then needs a content-length of its own.
    automatic, ///< A content-length is added to a body that has none. Empty bodies get none.
};

/// Appends a frame's bytes to a buffer of the caller's: command, headers escaped as that version wants it, body and the
/// closing NUL (STOMP 1.2, "STOMP Frames" and "Value Encoding"; never escaped in CONNECT, STOMP and CONNECTED).
///
/// @param frame plain, that is unescaped.
/// @param version the version that the session speaks. For CONNECT, STOMP and CONNECTED it makes no difference.
/// @param out only appended to; unchanged when the call throws.
/// @throws InvalidFrame when that version has no way to say it: an empty or malformed command; an empty header name; a
/// NUL in a header; a line feed in a header, or a colon in a header's name, in 1.0 and in CONNECT frames; a carriage
/// return in a header of a CONNECT frame, and of a client's frame in 1.0 and 1.1, which cannot escape it; a body on a
/// frame that may have none; a content-length other than the body's size; a NUL in a body without content-length; NACK
/// in 1.0.
ARBALEST_DECL void encode(Frame const& frame, StompVersion version, std::string& out,
                          ContentLength content_length = ContentLength::automatic);

/// Throws what encode() would throw, and appends nothing.
ARBALEST_DECL void check_encodable(Frame const& frame, StompVersion version,
                                   ContentLength content_length = ContentLength::automatic);

} // namespace arbalest
