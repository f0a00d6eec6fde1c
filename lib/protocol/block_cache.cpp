#include "block_cache.hpp"

#include <array>
#include <new>
#include <utility>

namespace arbalest::detail {

namespace {

// Tools that watch over memory would no longer see what is used after it was given back.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool enabled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool enabled = false;
#else
constexpr bool enabled = true;
#endif
#else
constexpr bool enabled = true;
#endif

constexpr std::size_t classes = largest_cached_block / block_size(1);

/// What a thread keeps: a list of blocks for each size.
class BlockCache
{
public:
    constexpr BlockCache() noexcept = default;
    BlockCache(BlockCache const&) = delete;
    BlockCache& operator=(BlockCache const&) = delete;
    ~BlockCache();

    void* take(std::size_t size) noexcept
    {
        auto& list = lists_[index_of(size)];
        auto* const node = list;
        if (node) {
            list = node->next;
            bytes_ -= size;
        }
        return node;
    }

    bool give(void* block, std::size_t size) noexcept
    {
        if (bytes_ + size > block_cache_limit)
            return false;
        auto& list = lists_[index_of(size)];
        list = ::new (block) Node{list};
        bytes_ += size;
        return true;
    }

private:
    struct Node
    {
        Node* next;
    };

    static std::size_t index_of(std::size_t size) noexcept { return size / block_size(1) - 1; }

    std::array<Node*, classes> lists_{};
    std::size_t bytes_ = 0;
};

// Frames that live longer than the thread's cache, in other thread-local or in static objects, go to the heap.
thread_local bool is_over = false;
thread_local constinit BlockCache cache;

BlockCache::~BlockCache()
{
    is_over = true;
    for (auto* list : lists_) {
        while (list)
            ::operator delete(std::exchange(list, list->next));
    }
}

} // namespace

void* allocate_block(std::size_t size)
{
    if (enabled && size <= largest_cached_block && !is_over) {
        if (auto* const block = cache.take(size))
            return block;
    }
    return ::operator new(size);
}

void release_block(void* block, std::size_t size) noexcept
{
    if (!enabled || size > largest_cached_block || is_over || !cache.give(block, size))
        ::operator delete(block);
}

} // namespace arbalest::detail
