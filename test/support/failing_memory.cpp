#include "failing_memory.hpp"

#include <cerrno>
#include <cstdlib>
#include <malloc.h>
#include <new>

namespace {

thread_local std::size_t left = 0; // 0: not armed
thread_local bool has_failed = false;

bool fails_now() noexcept
{
    if (left == 0 || --left != 0)
        return false;
    has_failed = true;
    return true;
}

} // namespace

namespace arbalest::test {

void FailingMemory::arm(std::size_t n) noexcept
{
    has_failed = false;
    left = n;
}

bool FailingMemory::disarm() noexcept
{
    left = 0;
    return has_failed;
}

} // namespace arbalest::test

void* operator new(std::size_t size)
{
    if (fails_now())
        throw std::bad_alloc();
    if (auto* const memory = std::malloc(size))
        return memory;
    throw std::bad_alloc();
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size)
{
    if (fails_now()) {
        errno = ENOMEM;
        return nullptr;
    }
    return ::memalign(alignment, size);
}
