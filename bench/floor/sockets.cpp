#include "floor.hpp"
#include "frames.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <deque>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

// Blocking sockets, one thread, no event loop.
namespace bench {
namespace {

class Socket
{
public:
    explicit Socket(unsigned short port) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (descriptor_ < 0 || connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::system_error(errno, std::generic_category(), "connect");
        int const on = 1;
        setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Socket(Socket const&) = delete;
    Socket& operator=(Socket const&) = delete;
    ~Socket() { close(descriptor_); }

    void write(std::string_view bytes)
    {
        while (!bytes.empty()) {
            auto const size = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (size <= 0)
                throw std::system_error(errno, std::generic_category(), "send");
            bytes.remove_prefix(static_cast<std::size_t>(size));
        }
    }

    /// Reads once.
    void read()
    {
        auto const room = incoming.room();
        auto const size = recv(descriptor_, room.data(), room.size(), 0);
        if (size <= 0)
            throw std::runtime_error("the sink has closed the connection");
        incoming.filled(static_cast<std::size_t>(size));
    }

    void read_frame()
    {
        while (!incoming.take_frame())
            read();
    }

    Incoming incoming;

private:
    int descriptor_;
};

void fire(Socket& socket, FloorJob const& job, Frames const& frames)
{
    std::string out;
    for (std::size_t i = 1; i < job.count; ++i) {
        frames.append_plain(out);
        if (out.size() >= write_size) {
            socket.write(out);
            out.clear();
        }
    }
    // When this is confirmed, the sink has read all of them.
    frames.append_confirmed(out, job.count);
    socket.write(out);
    socket.read_frame();
}

void confirm(Socket& socket, FloorJob const& job, Frames const& frames, Measurement& measurement)
{
    std::string out;
    for (std::size_t i = 0; i < job.count; ++i) {
        auto const began = Clock::now();
        out.clear();
        frames.append_confirmed(out, i);
        socket.write(out);
        socket.read_frame();
        measurement.took(Clock::now() - began);
    }
}

void pipeline(Socket& socket, FloorJob const& job, Frames const& frames, Measurement& measurement)
{
    std::string out;
    std::deque<Clock::time_point> began;
    std::size_t sent = 0;
    std::size_t done = 0;
    while (done < job.count) {
        out.clear();
        for (; sent < job.count && sent - done < job.window && out.size() < write_size; ++sent) {
            if (Measurement::sampled(sent))
                began.push_back(Clock::now());
            frames.append_confirmed(out, sent);
        }
        socket.write(out);
        socket.read_frame();
        do {
            if (Measurement::sampled(done)) {
                measurement.took(Clock::now() - began.front());
                began.pop_front();
            }
            ++done;
        } while (socket.incoming.take_frame());
    }
}

void deliver(Socket& socket, FloorJob const& job)
{
    std::string out;
    for (std::size_t i = 1; i <= job.subscriptions; ++i)
        out += Frames::subscribe(i, job.subscriptions, job.count, job.body);
    socket.write(out);
    for (std::size_t i = 0; i < job.count; ++i)
        socket.read_frame();
}

} // namespace

void over_sockets(FloorJob const& job, Measurement& measurement)
{
    Socket socket(job.port);
    Frames const frames(job.body);
    socket.write(Frames::connect());
    socket.read_frame();
    measurement.start();
    if (job.scenario == "fire")
        fire(socket, job, frames);
    else if (job.scenario == "confirm")
        confirm(socket, job, frames, measurement);
    else if (job.scenario == "pipeline")
        pipeline(socket, job, frames, measurement);
    else if (job.scenario == "deliver")
        deliver(socket, job);
    else
        throw std::invalid_argument("there is no scenario '" + job.scenario + "'");
    measurement.stop(job.count);
}

} // namespace bench
