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

struct Node
{
    Node* next;
};

/// What a thread keeps: a list of blocks for each size. It has no destructor, so that it takes no more than an address
/// to get at it.
struct BlockCache
{
    static std::size_t index_of(std::size_t size) noexcept { return size / block_size(1) - 1; }

    std::array<Node*, classes> lists{};
    std::size_t room = 0; // how many bytes it may still take: none before it is opened, and none when it is over
    bool is_opened = false;
};

thread_local constinit BlockCache cache;

/// Gives back at the end of the thread what the cache has. Frames that live longer, in other thread-local or in static
/// objects, go to the heap.
struct CacheEnd
{
    CacheEnd() noexcept = default;
    CacheEnd(CacheEnd const&) = delete;
    CacheEnd& operator=(CacheEnd const&) = delete;
    ~CacheEnd()
    {
        cache.room = 0;
        for (auto*& list : cache.lists) {
            while (list)
                ::operator delete(std::exchange(list, list->next));
        }
    }
};

// The first block of a thread opens its cache.
bool make_room() noexcept
{
    if (std::exchange(cache.is_opened, true))
        return false;
    [[maybe_unused]] thread_local CacheEnd const end;
    cache.room = block_cache_limit;
    return true;
}

[[gnu::noinline]] void release_other_block(void* block, std::size_t size) noexcept
{
    if (enabled && size <= largest_cached_block && make_room())
        release_block(block, size);
    else
        ::operator delete(block);
}

} // namespace

void* allocate_block(std::size_t size)
{
    if (enabled && size <= largest_cached_block) {
        auto& list = cache.lists[BlockCache::index_of(size)];
        if (auto* const node = list) {
            list = node->next;
            cache.room += size;
            return node;
        }
    }
    return ::operator new(size);
}

void release_block(void* block, std::size_t size) noexcept
{
    if (!enabled || size > largest_cached_block || size > cache.room) {
        release_other_block(block, size);
        return;
    }
    auto& list = cache.lists[BlockCache::index_of(size)];
    list = ::new (block) Node{list};
    cache.room -= size;
}

} // namespace arbalest::detail
