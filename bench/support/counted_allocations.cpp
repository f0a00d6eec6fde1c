#include "allocations.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>

// The C library lets a program bring its own malloc (glibc's manual, "Replacing malloc"), and exports what is behind
// its own under these names. operator new calls malloc, so nothing is counted twice.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace {

std::atomic<std::uint64_t> asked{0};

void count() noexcept
{
    asked.fetch_add(1, std::memory_order_relaxed);
}

} // namespace

extern "C" {

void* malloc(std::size_t size)
{
    count();
    return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size)
{
    count();
    return __libc_calloc(number, size);
}

void* realloc(void* block, std::size_t size)
{
    count();
    return __libc_realloc(block, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

void* memalign(std::size_t alignment, std::size_t size)
{
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t size)
{
    count();
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

void free(void* block)
{
    __libc_free(block);
}
}

namespace bench {

bool counts_allocations() noexcept
{
    return true;
}

std::uint64_t allocations() noexcept
{
    return asked.load(std::memory_order_relaxed);
}

} // namespace bench
