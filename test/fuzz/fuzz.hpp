#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// Ends the program when a property does not hold, so that libFuzzer keeps the input.
inline void require(bool holds, char const* property)
{
    if (holds)
        return;
    std::fprintf(stderr, "does not hold: %s\n", property);
    std::abort();
}

/// Takes choices from the front of the input and leaves the rest as bytes.
class FuzzInput
{
public:
    FuzzInput(std::uint8_t const* data, std::size_t size) : bytes_(reinterpret_cast<char const*>(data), size) {}

    /// From 0 to `count` - 1; 0 when the input is used up.
    std::size_t choose(std::size_t count)
    {
        if (bytes_.empty())
            return 0;
        auto const byte = static_cast<unsigned char>(bytes_.front());
        bytes_.remove_prefix(1);
        return byte % count;
    }
    /// At most so many bytes.
    std::string_view text(std::size_t size)
    {
        auto const taken = bytes_.substr(0, size);
        bytes_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view rest() const noexcept { return bytes_; }
    bool empty() const noexcept { return bytes_.empty(); }

private:
    std::string_view bytes_;
};
