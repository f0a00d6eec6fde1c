#pragma once

#include <arbalest/protocol/frame.hpp>

namespace arbalest::detail {

/// Whether an ERROR that comes instead of CONNECTED refuses the login, which no further attempt would change; else it
/// is taken for temporary. STOMP has no codes for errors, so their text decides.
bool is_login_refusal(Frame const& error);

} // namespace arbalest::detail
