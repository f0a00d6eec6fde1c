// Precompiled for the libraries: what is slow to parse and used all over. Only a means to build faster: every file
// still includes what it uses.

#include <boost/asio.hpp>

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
