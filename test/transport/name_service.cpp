#include "name_service.hpp"

#include <condition_variable>
#include <dlfcn.h>
#include <mutex>
#include <netdb.h>
#include <string_view>

namespace {

std::mutex mutex;
std::condition_variable changed;
int services = 0;
int hanging = 0;

using LookUp = int(char const*, char const*, addrinfo const*, addrinfo**);

LookUp& system_look_up()
{
    static auto* const function = reinterpret_cast<LookUp*>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return *function;
}

int look_up_two(char const* service, addrinfo const* hints, addrinfo** result)
{
    addrinfo* second = nullptr;
    if (int const error = system_look_up()("127.0.0.2", service, hints, result))
        return error;
    if (int const error = system_look_up()("127.0.0.1", service, hints, &second)) {
        freeaddrinfo(*result);
        return error;
    }
    auto* last = *result;
    while (last->ai_next)
        last = last->ai_next;
    last->ai_next = second;
    return 0;
}

} // namespace

// Found before the system's by everything in this program.
extern "C" int getaddrinfo(char const* name, char const* service, addrinfo const* hints, addrinfo** result)
{
    std::string_view const wanted(name ? name : "");
    std::unique_lock lock(mutex);
    if (services > 0 && wanted == "one.test")
        return system_look_up()("127.0.0.1", service, hints, result);
    if (services > 0 && wanted == "two.test") {
        lock.unlock();
        return look_up_two(service, hints, result);
    }
    if (services > 0 && wanted == "hangs.test") {
        ++hanging;
        changed.wait(lock, [] { return services == 0; });
        --hanging;
        return EAI_AGAIN;
    }
    lock.unlock();
    return system_look_up()(name, service, hints, result);
}

namespace arbalest::test {

NameService::NameService()
{
    std::lock_guard const lock(mutex);
    ++services;
}

NameService::~NameService()
{
    std::lock_guard const lock(mutex);
    --services;
    changed.notify_all();
}

bool NameService::hangs()
{
    std::lock_guard const lock(mutex);
    return hanging > 0;
}

} // namespace arbalest::test
