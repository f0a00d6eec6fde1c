#include "name_service.hpp"

#include <condition_variable>
#include <dlfcn.h>
#include <map>
#include <mutex>
#include <netdb.h>
#include <string_view>
#include <utility>

namespace {

// Never destroyed: threads may hang in it when the program ends.
struct Names
{
    std::mutex mutex;
    std::condition_variable changed;
    int services = 0;
    int ended = 0;
    int hanging = 0;
    std::map<std::string, std::vector<std::string>> addresses;
    std::map<std::string, int> look_ups;
};

Names& names()
{
    static auto& instance = *new Names;
    return instance;
}

using LookUp = int(char const*, char const*, addrinfo const*, addrinfo**);

LookUp& system_look_up()
{
    static auto* const function = reinterpret_cast<LookUp*>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return *function;
}

int look_up_each(std::vector<std::string> const& addresses, char const* service, addrinfo const* hints,
                 addrinfo** result)
{
    *result = nullptr;
    auto** end = result;
    for (auto const& address : addresses) {
        if (int const error = system_look_up()(address.c_str(), service, hints, end)) {
            if (*result)
                freeaddrinfo(*result);
            return error;
        }
        while (*end)
            end = &(*end)->ai_next;
    }
    return 0;
}

} // namespace

// Found before the system's by everything in this program.
extern "C" int getaddrinfo(char const* name, char const* service, addrinfo const* hints, addrinfo** result)
{
    std::string const wanted(name ? name : "");
    std::unique_lock lock(names().mutex);
    ++names().look_ups[wanted];
    if (names().services > 0) {
        if (auto const found = names().addresses.find(wanted); found != names().addresses.end()) {
            auto const addresses = found->second;
            lock.unlock();
            return look_up_each(addresses, service, hints, result);
        }
        if (wanted == "hangs.test" || wanted.ends_with(".hangs.test")) {
            ++names().hanging;
            auto const ended = names().ended;
            names().changed.wait(lock, [ended] { return names().ended != ended; });
            --names().hanging;
            return EAI_AGAIN;
        }
    }
    lock.unlock();
    return system_look_up()(name, service, hints, result);
}

namespace arbalest::test {

NameService::NameService()
{
    std::lock_guard const lock(names().mutex);
    ++names().services;
    names().addresses = {{"one.test", {"127.0.0.1"}}, {"two.test", {"127.0.0.2", "127.0.0.1"}}};
    names().look_ups.clear();
}

NameService::~NameService()
{
    std::lock_guard const lock(names().mutex);
    --names().services;
    ++names().ended;
    names().changed.notify_all();
}

void NameService::add(std::string name, std::vector<std::string> addresses)
{
    std::lock_guard const lock(names().mutex);
    names().addresses[std::move(name)] = std::move(addresses);
}

int NameService::hanging()
{
    std::lock_guard const lock(names().mutex);
    return names().hanging;
}

int NameService::look_ups(std::string const& name)
{
    std::lock_guard const lock(names().mutex);
    return names().look_ups[name];
}

} // namespace arbalest::test
