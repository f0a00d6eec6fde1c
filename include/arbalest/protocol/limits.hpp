#pragma once

#include <cstddef>

namespace arbalest {

/// What a peer may send before its bytes are refused as malformed. Every limit is checked before memory is taken for
/// what it bounds, so that a peer cannot make the process allocate more than this (STOMP 1.2, "Size Limits").
struct Limits
{
    /// A whole frame, head and body and the closing NUL, in bytes. Default 136 MiB.
    std::size_t frame = std::size_t{136} << 20;
    /// The command line or one header line, without its line end, in bytes. Default 64 KiB.
    std::size_t header_line = std::size_t{64} << 10;
    /// The number of header lines in a frame, repeated ones included. Default 1000.
    std::size_t headers = 1000;
    /// The body, in bytes. Default 128 MiB.
    std::size_t body = std::size_t{128} << 20;
};

} // namespace arbalest
