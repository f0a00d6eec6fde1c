#pragma once

#include <cstddef>

// Counts what goes through operator new in this test program.
namespace allocations {

/// How many there have been.
std::size_t count() noexcept;
/// Bytes that were allocated and not given back yet.
std::size_t bytes_in_use() noexcept;

} // namespace allocations
