#pragma once

#include <algorithm>

namespace arbalest::test {

/// Under the thread sanitizer, which makes everything ten times as slow, what is tried many times is tried so many
/// times less. The other builds do all of it.
#if defined(__SANITIZE_THREAD__)
inline constexpr int fewer_rounds = 4;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr int fewer_rounds = 4;
#else
inline constexpr int fewer_rounds = 1;
#endif
#else
inline constexpr int fewer_rounds = 1;
#endif

/// How many rounds a test does that does `usual` of them where nothing makes it slow.
template <class Number>
constexpr Number rounds(Number usual)
{
    return std::max(Number(1), usual / Number(fewer_rounds));
}

} // namespace arbalest::test
