#include "allocations.hpp"

namespace bench {

bool counts_allocations() noexcept
{
    return false;
}

std::uint64_t allocations() noexcept
{
    return 0;
}

} // namespace bench
