#include "raw_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <utility>

namespace arbalest::broker::test {

using namespace std::chrono_literals;
using boost::system::error_code;

void run_until(boost::asio::io_context& io, std::string_view what, std::function<bool()> const& condition)
{
    auto const deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
        if (io.stopped())
            io.restart();
        if (io.run_one_until(deadline) == 0)
            BOOST_FAIL("waited in vain for " << what);
    }
}

void settle(boost::asio::io_context& io)
{
    for (int idle = 0; idle < 3; ++idle) {
        if (io.stopped())
            io.restart();
        while (io.poll() != 0)
            idle = 0;
    }
}

struct RawClient::State : std::enable_shared_from_this<State>
{
    explicit State(std::unique_ptr<ClientLink> link) : link(std::move(link)) {}

    void read()
    {
        if (reading || stopped || end != End::none)
            return;
        reading = true;
        link->read_some(boost::asio::buffer(buffer), [self = shared_from_this()](error_code error, std::size_t size) {
            self->reading = false;
            if (error) {
                self->end = error == boost::asio::error::eof ? End::orderly : End::reset;
                return;
            }
            self->received.append(self->buffer.data(), size);
            self->decoder.feed({self->buffer.data(), size});
            self->read();
        });
    }

    std::unique_ptr<ClientLink> link;
    std::array<char, 65536> buffer{};
    std::string received;
    FrameDecoder decoder;
    error_code opened;
    bool reading = false;
    bool stopped = false;
    End end = End::none;
    std::size_t receipts = 0;
};

RawClient::RawClient(boost::asio::io_context& io, std::uint16_t port) : RawClient(io, make_link(Listen::tcp, io, port))
{
}

RawClient::RawClient(boost::asio::io_context& io, std::unique_ptr<ClientLink> link)
    : io_(io), state_(std::make_shared<State>(std::move(link)))
{
    bool done = false;
    state_->link->open([&done, state = state_](error_code error) {
        done = true;
        state->opened = error;
    });
    run_until(io, "the handshake", [&] { return done; });
    if (state_->opened)
        state_->end = End::reset;
    state_->read();
}

RawClient::~RawClient()
{
    close();
}

Frame RawClient::connect(std::string_view headers)
{
    send("CONNECT\n" + std::string(headers) + '\n' + '\0');
    auto connected = frame("CONNECTED");
    if (auto const version = connected.header("version"))
        state_->decoder.set_version(parse_stomp_version(*version).value());
    return connected;
}

void RawClient::start_sending(std::string bytes)
{
    auto const shared = std::make_shared<std::string>(std::move(bytes));
    state_->link->write(*shared, [shared, state = state_](error_code, std::size_t) {});
}

void RawClient::send(std::string_view bytes)
{
    bool written = false;
    state_->link->write(bytes, [&written, state = state_](error_code, std::size_t) { written = true; });
    run_until(io_, "the broker to read", [&] { return written; });
}

void RawClient::send_frame(std::string_view lines, std::string_view body)
{
    std::string bytes(lines);
    for (auto& byte : bytes) {
        if (byte == ';')
            byte = '\n';
    }
    send(bytes + "\n\n" + std::string(body) + '\0');
}

Frame RawClient::frame()
{
    std::optional<Frame> frame;
    run_until(io_, "a frame", [&] {
        frame = state_->decoder.next();
        return frame || state_->end != End::none;
    });
    if (!frame)
        BOOST_FAIL("the connection ended before a frame came");
    return std::move(*frame);
}

Frame RawClient::frame(std::string_view command)
{
    auto next = frame();
    BOOST_REQUIRE_EQUAL(next.command(), command);
    return next;
}

void RawClient::confirmed(std::string_view lines, std::string_view body)
{
    auto const receipt = "confirmed-" + std::to_string(++state_->receipts);
    send_frame(std::string(lines) + ";receipt:" + receipt, body);
    BOOST_REQUIRE_EQUAL(frame("RECEIPT").header("receipt-id").value(), receipt);
}

RawClient::End RawClient::end()
{
    run_until(io_, "the end of the connection", [this] { return ended(); });
    return state_->end;
}

error_code RawClient::handshake() const noexcept
{
    return state_->opened;
}

bool RawClient::ended() const noexcept
{
    return state_->end != End::none;
}

std::string const& RawClient::received() const noexcept
{
    return state_->received;
}

void RawClient::wait_for_bytes(std::size_t size)
{
    run_until(io_, "bytes", [&] { return state_->received.size() >= size; });
}

void RawClient::stop_reading()
{
    state_->stopped = true;
}

void RawClient::resume_reading()
{
    state_->stopped = false;
    state_->read();
}

void RawClient::shut_down()
{
    state_->link->shut_down();
}

void RawClient::close()
{
    state_->link->close();
}

void RawClient::reset()
{
    state_->link->reset();
}

Fixture::Fixture(BrokerConfig const& config) : broker(io.get_executor(), config)
{
    broker.listen();
}

Fixture::Fixture(Listen kind, BrokerConfig const& config) : broker(io.get_executor(), config)
{
    broker.listen(kind);
}

} // namespace arbalest::broker::test
