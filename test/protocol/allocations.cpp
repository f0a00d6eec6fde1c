#include "allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace allocations {

namespace {

std::atomic<std::size_t> total_count{0};
std::atomic<std::size_t> total_bytes{0};

} // namespace

std::size_t count() noexcept
{
    return total_count;
}

std::size_t bytes_in_use() noexcept
{
    return total_bytes;
}

} // namespace allocations

// Clang's sanitizers bring operators of their own, which cannot be replaced: nothing is counted there.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ARBALEST_TESTS_DO_NOT_COUNT
#endif
#endif

#ifndef ARBALEST_TESTS_DO_NOT_COUNT

namespace allocations {

namespace {

// In front of each allocation stands its size.
constexpr std::size_t front = alignof(std::max_align_t) > sizeof(std::size_t) ? alignof(std::max_align_t)
                                                                              : sizeof(std::size_t);

} // namespace

} // namespace allocations

void* operator new(std::size_t size)
{
    auto* const block = static_cast<char*>(std::malloc(size + allocations::front));
    if (!block)
        throw std::bad_alloc();
    ++allocations::total_count;
    allocations::total_bytes += size;
    *reinterpret_cast<std::size_t*>(block) = size;
    return block + allocations::front;
}

void operator delete(void* pointer) noexcept
{
    if (!pointer)
        return;
    auto* const block = static_cast<char*>(pointer) - allocations::front;
    allocations::total_bytes -= *reinterpret_cast<std::size_t*>(block);
    std::free(block);
}

void operator delete(void* pointer, std::size_t) noexcept
{
    operator delete(pointer);
}

#endif
