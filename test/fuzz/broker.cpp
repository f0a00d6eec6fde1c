// A broker's sessions survive any frames in any order, and forget everything when their connections are lost.

#include "broker/core.hpp"
#include "broker/session.hpp"
#include "fuzz.hpp"
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>

#include <memory>
#include <string>

namespace {

using namespace arbalest;

class Client final : public broker::Output
{
public:
    explicit Client(broker::Core& core, std::uint64_t number)
        : session(core, *this, number, broker::Session::TimePoint())
    {
    }

    void send(Frame const& frame) override { require(!frame.empty(), "frames have commands"); }
    void confirm(std::string_view, std::string_view) override {}
    void deliver(broker::Delivery const&) override {}
    void heart_beat() override {}
    void close() override { closed = true; }
    bool congested() const noexcept override { return is_congested; }

    bool closed = false;
    bool is_congested = false;
    FrameDecoder decoder;
    broker::Session session;
};

/// The parts of frames that mean something to a broker: a byte of the input stands for one.
constexpr std::string_view words[] = {"CONNECT\naccept-version:1.2,1.1,1.0\nhost:/\n",
                                      "SEND\n",
                                      "SUBSCRIBE\n",
                                      "UNSUBSCRIBE\n",
                                      "ACK\n",
                                      "NACK\n",
                                      "BEGIN\n",
                                      "COMMIT\n",
                                      "ABORT\n",
                                      "DISCONNECT\n",
                                      "destination:/queue/a\n",
                                      "destination:/topic/a\n",
                                      "destination:/temp-queue/a\n",
                                      "reply-to:/temp-queue/a\n",
                                      "id:1\n",
                                      "id:2\n",
                                      "subscription:1\n",
                                      "message-id:1\n",
                                      "ack:client\n",
                                      "ack:client-individual\n",
                                      "transaction:t\n",
                                      "receipt:r\n",
                                      "prefetch-count:1\n",
                                      "persistent:true\n",
                                      "expires:1\n",
                                      "heart-beat:0,0\n",
                                      "requeue:false\n"};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    FuzzInput input(data, size);
    BrokerConfig config;
    config.close_after_error = input.choose(2) == 1;
    broker::Core core(config);
    {
        std::unique_ptr<Client> clients[3];
        std::uint64_t number = 0;
        auto now = broker::Session::TimePoint();
        std::string text[3];
        std::size_t who = 0;
        while (!input.empty()) {
            if (!clients[who]) {
                clients[who] = std::make_unique<Client>(core, ++number);
                // Most inputs should get beyond the handshake.
                text[who] = std::string(words[0]) + '\n' + '\0';
            }
            auto& client = *clients[who];
            auto const what = input.choose(64);
            if (what < std::size(words)) {
                text[who] += words[what];
                continue;
            }
            switch (what - std::size(words)) {
            case 0:
            case 1:
            case 2:
                text[who] += '\n';
                text[who] += '\0';
                break;
            case 3:
                who = input.choose(std::size(clients));
                continue;
            case 4:
                clients[who].reset();
                text[who].clear();
                continue;
            case 5:
                client.is_congested = !client.is_congested;
                if (!client.is_congested)
                    client.session.drained();
                continue;
            case 6:
                now += std::chrono::seconds(1);
                client.session.tick(now);
                continue;
            default:
                text[who] += input.text(input.choose(16));
                continue;
            }
            client.decoder.feed(text[who]);
            text[who].clear();
            try {
                while (!client.closed) {
                    auto frame = client.decoder.next();
                    if (!frame)
                        break;
                    client.session.receive(std::move(*frame), now);
                }
            } catch (MalformedFrame const& error) {
                client.session.malformed(error.what());
                clients[who].reset();
            }
            if (clients[who] && client.closed)
                clients[who].reset();
        }
    }
    require(core.sessions() == 0 && core.subscriptions() == 0, "lost sessions leave nothing behind");
    return 0;
}
