#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace arbalest::detail {

/// Memory kept back for what must be posted although there is no other memory. Used once. From any thread.
class MemoryReserve
{
public:
    MemoryReserve() = default;
    MemoryReserve(MemoryReserve const&) = delete;
    MemoryReserve& operator=(MemoryReserve const&) = delete;
    ~MemoryReserve() { give_back(); }

    /// Calls a function that posts; where it fails, once more with the reserve given back to the allocator.
    /// @returns whether it has succeeded.
    template <class Function>
    bool run(Function function) noexcept
    {
        while (true) {
            try {
                function();
                return true;
            } catch (...) {
                if (!give_back())
                    return false;
            }
        }
    }

    bool give_back() noexcept
    {
        std::unique_ptr<std::byte[]> const reserve(reserve_.exchange(nullptr));
        return reserve != nullptr;
    }

private:
    static constexpr std::size_t size = 512; // more than a post takes
    std::atomic<std::byte*> reserve_ = std::make_unique_for_overwrite<std::byte[]>(size).release();
};

} // namespace arbalest::detail
