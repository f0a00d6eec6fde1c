#pragma once

#include <cstddef>

namespace arbalest::detail {

/// What speaks for reading on, and against.
struct ReadingCounts
{
    std::size_t full_buffers = 0;    ///< Subscriptions over their soft limit that want reading to stop.
    std::size_t receipts = 0;        ///< Receipts that somebody waits for, or may.
    std::size_t operations = 0;      ///< Suspended operations that need the peer to answer, or to read.
    std::size_t observers = 0;       ///< Suspended operations that only observe: they speak for a look now and then.
    bool is_established = false;     ///< The connection is open: not in its handshake, nor being ended.
    bool writing_has_failed = false; ///< An ERROR that explains it may still come.
};

/// Reading stops for the sake of a slow consumer only while nobody waits for anything that reading could bring. That
/// the peer reads is one of these: a peer whose own output is stuck does not.
constexpr bool should_read(ReadingCounts const& counts) noexcept
{
    return counts.full_buffers == 0 || counts.receipts != 0 || counts.operations != 0 || !counts.is_established ||
           counts.writing_has_failed;
}

} // namespace arbalest::detail
