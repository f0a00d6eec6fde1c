// A peer that costs its clients nothing but the wire: STOMP over TCP, TLS, WebSocket and secure WebSocket on ports of
// its own choice, in one thread. See conversation.hpp for what it does.
//
//   bench-sink [--heart-beat MS]
//
// Prints where it listens as one line of JSON, and runs until SIGTERM or SIGINT.

#include "../support/options.hpp"
#include "connection.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <support/certificates.hpp>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>
#include <unordered_map>
#include <vector>

namespace bench {
namespace {

int checked(int result, char const* what)
{
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return result;
}

/// Where clients of one kind arrive.
struct Listener
{
    char const* name;
    bool tls;
    bool websocket;
    int descriptor = -1;
    unsigned port = 0;
};

void listen_on_any_port(Listener& listener)
{
    listener.descriptor = checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    checked(bind(listener.descriptor, name, sizeof address), "bind");
    checked(listen(listener.descriptor, 4096), "listen");
    socklen_t size = sizeof address;
    checked(getsockname(listener.descriptor, name, &size), "getsockname");
    listener.port = ntohs(address.sin_port);
}

class Sink
{
public:
    explicit Sink(unsigned heart_beat) : heart_beat_(heart_beat), scratch_(std::size_t{256} << 10)
    {
        arbalest::test::CertificateRequest request;
        request.ip_addresses.push_back("127.0.0.1");
        request.dns_names.push_back("localhost");
        auto const certificate = authority_.issue(request);
        tls_.reset(SSL_CTX_new(TLS_server_method()));
        if (!tls_ || SSL_CTX_use_certificate_chain_file(tls_.get(), certificate.certificate_file.c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(tls_.get(), certificate.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
            throw std::runtime_error("the certificate that was just made is of no use");
        SSL_CTX_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        poll_ = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
        for (auto& listener : listeners_) {
            listen_on_any_port(listener);
            watch(listener.descriptor, EPOLLIN, EPOLL_CTL_ADD);
        }
        watch_signals();
        if (heart_beat_ != 0)
            watch_timer();
    }

    void announce() const
    {
        std::printf(R"({"ca":"%s")", authority_.ca_file().c_str());
        for (auto const& listener : listeners_)
            std::printf(R"(,"%s":%u)", listener.name, listener.port);
        std::puts("}");
        std::fflush(stdout);
    }

    void run()
    {
        std::array<epoll_event, 256> events{};
        while (!stopped_) {
            auto const count = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), -1);
            if (count < 0 && errno != EINTR)
                throw std::system_error(errno, std::generic_category(), "epoll_wait");
            for (int i = 0; i < count; ++i)
                handle(events[static_cast<std::size_t>(i)]);
        }
    }

private:
    struct FreeContext
    {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };

    void watch(int descriptor, std::uint32_t events, int operation)
    {
        epoll_event event{};
        event.events = events;
        event.data.fd = descriptor;
        checked(epoll_ctl(poll_, operation, descriptor, &event), "epoll_ctl");
    }

    void watch_signals()
    {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        signals_ = checked(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
        watch(signals_, EPOLLIN, EPOLL_CTL_ADD);
    }

    // Beats twice in the period, so that a busy machine does not make a client miss one.
    void watch_timer()
    {
        timer_ = checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create");
        auto const half = heart_beat_ / 2;
        itimerspec period{};
        period.it_interval.tv_sec = half / 1000;
        period.it_interval.tv_nsec = static_cast<long>(half % 1000) * 1'000'000;
        period.it_value = period.it_interval;
        checked(timerfd_settime(timer_, 0, &period, nullptr), "timerfd_settime");
        watch(timer_, EPOLLIN, EPOLL_CTL_ADD);
    }

    void handle(epoll_event const& event)
    {
        auto const descriptor = event.data.fd;
        if (descriptor == signals_) {
            stopped_ = true;
            return;
        }
        if (descriptor == timer_) {
            beat();
            return;
        }
        for (auto const& listener : listeners_) {
            if (listener.descriptor == descriptor) {
                accept_from(listener);
                return;
            }
        }
        auto const found = connections_.find(descriptor);
        if (found == connections_.end())
            return;
        serve(*found->second, [&](Connection& connection) {
            return (!(event.events & EPOLLOUT) || connection.on_writable()) &&
                   (!(event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || connection.on_readable());
        });
    }

    // Runs a step of a connection; ends it when the client has gone or has sent what is no STOMP.
    template <class Step>
    void serve(Connection& connection, Step step)
    {
        auto const descriptor = connection.descriptor();
        bool alive = false;
        bool const wanted = connection.wants_to_write();
        try {
            alive = step(connection);
        } catch (std::exception const& error) {
            std::fprintf(stderr, "bench-sink: %s\n", error.what());
        }
        if (!alive)
            connections_.erase(descriptor); // closing takes it from the poll, too
        else if (connection.wants_to_write() != wanted)
            watch(descriptor, connection.wants_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    }

    void accept_from(Listener const& listener)
    {
        for (;;) {
            auto const descriptor = accept4(listener.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (descriptor < 0)
                return;
            connections_[descriptor] = std::make_unique<Connection>(descriptor, listener.tls ? tls_.get() : nullptr,
                                                                    listener.websocket, heart_beat_, scratch_);
            watch(descriptor, EPOLLIN, EPOLL_CTL_ADD);
        }
    }

    void beat()
    {
        std::uint64_t expirations = 0;
        if (read(timer_, &expirations, sizeof expirations) < 0)
            return;
        std::vector<Connection*> all;
        for (auto const& [descriptor, connection] : connections_)
            all.push_back(connection.get());
        for (auto* const connection : all)
            serve(*connection, [](Connection& one) { return one.beat(); });
    }

    unsigned heart_beat_;
    std::vector<char> scratch_;
    arbalest::test::TestAuthority authority_{"Arbalest bench authority"};
    std::unique_ptr<SSL_CTX, FreeContext> tls_;
    std::array<Listener, 4> listeners_{Listener{"tcp", false, false}, Listener{"tls", true, false},
                                       Listener{"ws", false, true}, Listener{"wss", true, true}};
    int poll_ = -1;
    int signals_ = -1;
    int timer_ = -1;
    bool stopped_ = false;
    std::unordered_map<int, std::unique_ptr<Connection>> connections_;
};

// Thousands of sessions need as many descriptors.
void raise_descriptor_limit()
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace
} // namespace bench

int main(int argc, char** argv)
{
    try {
        bench::Options const options(argc, argv);
        std::signal(SIGPIPE, SIG_IGN); // a client that has gone is found by what write() returns
        bench::raise_descriptor_limit();
        bench::Sink sink(static_cast<unsigned>(options.number("heart-beat", 0)));
        sink.announce();
        sink.run();
        return 0;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench-sink: %s\n", error.what());
        return 1;
    }
}
