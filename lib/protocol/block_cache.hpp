#pragma once

#include <cstddef>

// Where frames get their memory from. Messages come by the hundred in one read and go by the hundred afterwards, which
// is what general allocators are slowest at; so each thread keeps what it gets back, up to a limit, until it needs some
// again.
namespace arbalest::detail {

/// The most that a thread keeps, in bytes.
inline constexpr std::size_t block_cache_limit = std::size_t{512} << 10;

/// What is kept: blocks of at most this many bytes.
inline constexpr std::size_t largest_cached_block = 1024;

/// How large a block is that has room for so many bytes.
constexpr std::size_t block_size(std::size_t bytes) noexcept
{
    constexpr std::size_t step = 64;
    return bytes > largest_cached_block ? bytes : (bytes + step - 1) / step * step;
}

/// A block of block_size() bytes. Throws std::bad_alloc.
void* allocate_block(std::size_t size);

/// Gives back a block of that size, on whichever thread.
void release_block(void* block, std::size_t size) noexcept;

} // namespace arbalest::detail
