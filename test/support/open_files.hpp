#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace arbalest::test {

/// How many file descriptors this process has open.
inline std::ptrdiff_t open_files()
{
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

} // namespace arbalest::test
