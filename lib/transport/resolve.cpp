#include "resolve.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using Addresses = std::vector<asio::ip::address>;
using Handler = asio::any_completion_handler<void(error_code, Addresses)>;

// Whoever waits for look-ups on one execution context. A thread that has looked something up completes them under the
// lock, under which the context's end takes them away: nothing is posted to a context that is gone.
class Waiters
{
public:
    // Returns its number.
    std::uint64_t add(asio::any_io_executor const& executor, Handler handler)
    {
        std::lock_guard const lock(mutex_);
        waiters_.try_emplace(++last_, executor, std::move(handler));
        return last_;
    }

    bool contains(std::uint64_t number)
    {
        std::lock_guard const lock(mutex_);
        return waiters_.contains(number);
    }

    // Does nothing when that waiter is gone.
    void complete(std::uint64_t number, error_code code, Addresses addresses)
    {
        std::lock_guard const lock(mutex_);
        auto const found = waiters_.find(number);
        if (found == waiters_.end())
            return;
        auto& waiter = found->second;
        asio::post(waiter.executor, asio::append(std::move(waiter.handler), code, std::move(addresses)));
        waiters_.erase(found);
    }

    void drop_all()
    {
        std::map<std::uint64_t, Waiter> dropped;
        std::lock_guard const lock(mutex_);
        dropped.swap(waiters_); // destroyed after the lock is released: coroutines go with them
    }

private:
    struct Waiter
    {
        Waiter(asio::any_io_executor const& executor, Handler handler)
            : executor(asio::prefer(executor, asio::execution::outstanding_work.tracked)), handler(std::move(handler))
        {
        }

        asio::any_io_executor executor;
        Handler handler;
    };

    std::mutex mutex_;
    std::map<std::uint64_t, Waiter> waiters_;
    std::uint64_t last_ = 0;
};

class WaitersService : public asio::execution_context::service
{
public:
    using key_type = WaitersService;
    static asio::execution_context::id id;

    explicit WaitersService(asio::execution_context& context) : service(context) {}

    std::shared_ptr<Waiters> const waiters = std::make_shared<Waiters>();

private:
    void shutdown() override { waiters->drop_all(); }
};

asio::execution_context::id WaitersService::id;

// In whose name a host is looked up.
class Client
{
public:
    Client(std::shared_ptr<Waiters> waiters, std::uint64_t number) : waiters_(std::move(waiters)), number_(number) {}

    bool is_waiting() const { return waiters_->contains(number_); }
    void complete(error_code code, Addresses addresses) const
    {
        waiters_->complete(number_, code, std::move(addresses));
    }

private:
    std::shared_ptr<Waiters> waiters_;
    std::uint64_t number_;
};

// Signals are for the threads of the application.
class NoSignals
{
public:
    NoSignals()
    {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, &before_);
    }
    NoSignals(NoSignals const&) = delete;
    NoSignals& operator=(NoSignals const&) = delete;
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_;
};

// The look-ups of the process. Each host has a thread of its own, which nobody ever joins: getaddrinfo() cannot be
// cancelled, Asio's one resolver thread is joined with its context, and getaddrinfo_a() exists in glibc only.
class LookUps
{
public:
    // Never destroyed, since threads may still use it while the process exits.
    static LookUps& instance()
    {
        static auto& look_ups = *new LookUps;
        return look_ups;
    }

    void add(std::string const& host, Client client)
    {
        std::lock_guard const lock(mutex_);
        auto const [found, is_new] = clients_.try_emplace(host);
        auto& clients = found->second;
        // Who connects again and again to a host whose look-up hangs takes no more than one place.
        std::erase_if(clients, [](Client const& known) { return !known.is_waiting(); });
        clients.push_back(std::move(client));
        if (!is_new)
            return;
        if (threads_ == most_threads) {
            queue_.push_back(host);
            return;
        }
        NoSignals const no_signals;
        try {
            std::thread([this, host] { run(host); }).detach();
            ++threads_;
        } catch (std::system_error const& error) {
            complete_all(host, error_code(error.code().value(), boost::system::generic_category()), {});
        }
    }

private:
    using Clients = std::vector<Client>;

    void run(std::string host)
    {
        for (;;) {
            error_code code;
            auto const addresses = look_up(host, code);
            std::lock_guard const lock(mutex_);
            complete_all(host, code, addresses);
            auto const next = take_queued();
            if (!next) {
                --threads_;
                return;
            }
            host = *next;
        }
    }

    static Addresses look_up(std::string const& host, error_code& code)
    {
        Addresses addresses;
        asio::io_context context; // of this thread's own; Asio knows how to call getaddrinfo()
        tcp::resolver resolver(context);
        for (auto const& entry : resolver.resolve(host, "0", tcp::resolver::numeric_service, code))
            addresses.push_back(entry.endpoint().address());
        return addresses;
    }

    void complete_all(std::string const& host, error_code code, Addresses const& addresses)
    {
        auto const clients = clients_.extract(host);
        for (auto const& client : clients.mapped())
            client.complete(code, addresses);
    }

    // The next host that somebody still waits for.
    std::optional<std::string> take_queued()
    {
        while (!queue_.empty()) {
            auto host = std::move(queue_.front());
            queue_.pop_front();
            if (std::ranges::any_of(clients_[host], &Client::is_waiting))
                return host;
            clients_.erase(host);
        }
        return std::nullopt;
    }

    static constexpr std::size_t most_threads = 64;

    std::mutex mutex_;
    std::size_t threads_ = 0;
    std::map<std::string, Clients> clients_;
    std::deque<std::string> queue_; // hosts that no thread looks up yet
};

struct StartLookUp
{
    template <class Given>
    void operator()(Given given, asio::any_io_executor const* executor, std::string const* host) const
    {
        auto const waiters =
            asio::use_service<WaitersService>(asio::query(*executor, asio::execution::context)).waiters;
        Handler handler(std::move(given));
        // Asked for only now: the erased handler puts a state of its own into the caller's slot.
        auto slot = asio::get_associated_cancellation_slot(handler);
        auto const number = waiters->add(*executor, std::move(handler));
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr<Waiters>(waiters), number](asio::cancellation_type type) {
                auto const waiters = weak.lock();
                if (waiters && type != asio::cancellation_type::none)
                    waiters->complete(number, asio::error::operation_aborted, {});
            });
        }
        LookUps::instance().add(*host, Client(waiters, number));
    }
};

} // namespace

asio::awaitable<Addresses> resolve(asio::any_io_executor executor, std::string host)
{
    error_code not_an_address;
    auto const address = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) {
        Addresses literal(1, address);
        co_return literal;
    }
    co_return co_await asio::async_initiate<asio::use_awaitable_t<> const, void(error_code, Addresses)>(
        StartLookUp(), asio::use_awaitable, &executor, &host);
}

} // namespace arbalest::detail
