#pragma once

#include <cstddef>

namespace arbalest::test {

/// Lets an allocation of this thread fail, in programs that are linked with failing_memory.cpp. Asio takes memory from
/// aligned_alloc(), all others from operator new.
class FailingMemory
{
public:
    /// The n-th allocation from now on fails, and no other.
    static void arm(std::size_t n) noexcept;
    /// Whether it has failed.
    static bool disarm() noexcept;
};

} // namespace arbalest::test
