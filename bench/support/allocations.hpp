#pragma once

#include <cstdint>

namespace bench {

/// Whether this program counts allocations. Counting is compiled into a program of its own, so that the one whose speed
/// is measured runs the allocator as it is.
bool counts_allocations() noexcept;

/// How often memory was asked for since the program began, in whatever way: malloc, operator new, and aligned_alloc,
/// through which Asio gets the memory that it then recycles.
std::uint64_t allocations() noexcept;

} // namespace bench
