#include "memory_transport.hpp"
#include "support/session_tools.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

// A whole session over a Unix domain socket, against a peer that is written by hand.
namespace {

using namespace arbalest;
using namespace arbalest::test;
using namespace std::string_literals;
using LocalSocket = asio::local::stream_protocol::socket;

class Peer
{
public:
    explicit Peer(LocalSocket socket) : socket_(std::move(socket)) {}

    /// The next frame, without its NUL and the line ends before it.
    asio::awaitable<std::string> frame()
    {
        auto const size =
            co_await asio::async_read_until(socket_, asio::dynamic_buffer(read_), '\0', asio::use_awaitable);
        auto const start = read_.find_first_not_of('\n');
        std::string const frame = read_.substr(start, size - 1 - start);
        read_.erase(0, size);
        co_return frame;
    }

    asio::awaitable<void> send(std::string frame)
    {
        frame += '\0';
        co_await asio::async_write(socket_, asio::buffer(frame), asio::use_awaitable);
    }

    asio::awaitable<void> confirm(std::string frame)
    {
        std::string receipt = "RECEIPT\nreceipt-id:" + header_of(frame, "receipt") + "\n\n";
        return send(std::move(receipt));
    }

    /// How the connection ends.
    asio::awaitable<boost::system::error_code> end()
    {
        boost::system::error_code code;
        auto reading = asio::async_read_until(socket_, asio::dynamic_buffer(read_), '\0',
                                              asio::redirect_error(asio::use_awaitable, code));
        co_await std::move(reading);
        co_return code;
    }

private:
    LocalSocket socket_;
    std::string read_;
};

std::string command_of(std::string const& frame)
{
    return frame.substr(0, frame.find('\n'));
}

// A folder for sockets, which goes with the object.
class SocketFolder
{
public:
    SocketFolder()
    {
        auto name = (std::filesystem::temp_directory_path() / "arbalest-sockets-XXXXXX").string();
        BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    SocketFolder(SocketFolder const&) = delete;
    SocketFolder& operator=(SocketFolder const&) = delete;
    ~SocketFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

asio::awaitable<void> play_broker(LocalSocket socket, bool& done)
{
    Peer peer(std::move(socket));
    auto const connect = co_await peer.frame();
    BOOST_TEST(command_of(connect) == "CONNECT");
    BOOST_TEST(header_of(connect, "accept-version") == "1.2,1.1,1.0");
    BOOST_TEST(header_of(connect, "host") == "/");
    BOOST_TEST(header_of(connect, "login") == "guest");
    co_await peer.send("CONNECTED\nversion:1.2\nserver:by hand\n\n");

    auto const subscribe = co_await peer.frame();
    BOOST_TEST(command_of(subscribe) == "SUBSCRIBE");
    BOOST_TEST(header_of(subscribe, "destination") == "/queue/q");
    BOOST_TEST(header_of(subscribe, "ack") == "client-individual");
    auto const id = header_of(subscribe, "id");
    // A message that comes before the confirmation of its subscription.
    co_await peer.send("MESSAGE\nsubscription:" + id + "\nmessage-id:m1\nack:a1\ndestination:/queue/q\n\nfirst");
    co_await peer.confirm(subscribe);

    auto const ack = co_await peer.frame();
    BOOST_TEST(command_of(ack) == "ACK");
    BOOST_TEST(header_of(ack, "id") == "a1");
    co_await peer.confirm(ack);

    auto const send = co_await peer.frame();
    BOOST_TEST(command_of(send) == "SEND");
    BOOST_TEST(header_of(send, "destination") == "/queue/out");
    BOOST_TEST(header_of(send, "content-length") == "10");
    BOOST_TEST(send.ends_with("\n\none pallet"));
    co_await peer.confirm(send);

    auto const disconnect = co_await peer.frame();
    BOOST_TEST(command_of(disconnect) == "DISCONNECT");
    co_await peer.confirm(disconnect);
    auto const end = co_await peer.end();
    BOOST_TEST(end == asio::error::eof);
    done = true;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(unix_session, ContextFixture)

BOOST_AUTO_TEST_CASE(is_opened_used_and_closed_in_order)
{
    LocalSocket ours(context);
    LocalSocket theirs(context);
    asio::local::connect_pair(ours, theirs);
    bool broker_done = false;
    asio::co_spawn(context, play_broker(std::move(theirs), broker_done), [](std::exception_ptr failure) {
        if (failure)
            std::rethrow_exception(failure);
    });
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.auto_receipt = true;
        config.login = "guest";
        config.passcode = "guest";
        auto session = co_await StompSession::over(std::move(ours), config);
        BOOST_TEST(session.version() == StompVersion::v1_2);
        BOOST_TEST(session.server() == "by hand");
        BOOST_TEST(session.is_open());

        auto inbox = co_await session.subscribe("/queue/q", AckMode::client_individual);
        auto const message = co_await inbox.receive();
        BOOST_TEST(message.body() == "first");
        bool const acknowledged = co_await message.ack();
        BOOST_TEST(acknowledged);
        auto const receipt = co_await session.send("/queue/out", "one pallet");
        BOOST_TEST(receipt.has_value());

        co_await session.disconnect();
        BOOST_TEST(!session.is_open());
        auto const nothing = co_await inbox.next();
        BOOST_TEST(!nothing.has_value());
    });
    BOOST_TEST(run_dry());
    BOOST_TEST(broker_done);
}

BOOST_AUTO_TEST_CASE(a_peer_that_closes_instead_of_answering_is_a_connect_error)
{
    LocalSocket ours(context);
    LocalSocket theirs(context);
    asio::local::connect_pair(ours, theirs);
    theirs.close();
    run([&]() -> asio::awaitable<void> {
        std::vector<ConnectAttempt> attempts;
        try {
            co_await StompSession::over(std::move(ours), StompConfig());
        } catch (ConnectError const& error) {
            attempts = error.attempts();
        }
        BOOST_REQUIRE(attempts.size() == 1);
        BOOST_TEST((attempts[0].phase == ConnectPhase::stomp));
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(is_connected_by_url_and_reconnected)
{
    SocketFolder const folder;
    auto const path = folder.path() + "/a b.sock";
    asio::local::stream_protocol::acceptor acceptor(context, path);
    run([&]() -> asio::awaitable<void> {
        StompConfig config;
        config.proxy = "http://192.0.2.1:1"; // not for what is on this machine
        config.reconnect.emplace();
        config.reconnect->initial = 1ms;
        config.auto_receipt = true;
        config.graceful_disconnect = false;
        StompClient const client(config);
        auto const opening =
            start(context.get_executor(), client.connect("stomp+unix://guest:s3cret@" + folder.path() + "/a%20b.sock"));
        StompSession session;
        for (bool const is_first : {true, false}) {
            Peer peer(co_await acceptor.async_accept(asio::use_awaitable));
            auto const connect = co_await peer.frame();
            BOOST_TEST(header_of(connect, "login") == "guest");
            BOOST_TEST(header_of(connect, "passcode") == "s3cret");
            BOOST_TEST(header_of(connect, "host") == "/");
            co_await peer.send("CONNECTED\nversion:1.2\n\n");
            if (is_first) {
                co_await finished(opening);
                BOOST_REQUIRE(opening->value.has_value());
                session = *std::exchange(opening->value, std::nullopt);
                continue; // the connection is lost
            }
            auto const sending = start(context.get_executor(), session.send("/queue/q", "again"));
            auto const send = co_await peer.frame();
            BOOST_TEST(command_of(send) == "SEND");
            co_await peer.confirm(send);
            co_await finished(sending);
            BOOST_TEST(sending->value.has_value());
            session = StompSession();
        }
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_path_that_cannot_be_connected_to_is_a_connect_error)
{
    SocketFolder const folder;
    for (auto const& path : {folder.path() + "/missing.sock", folder.path() + '/' + std::string(200, 'x')}) {
        run([&]() -> asio::awaitable<void> {
            std::vector<ConnectAttempt> attempts;
            StompClient const client;
            try {
                co_await client.connect("stomp+unix://" + path);
            } catch (ConnectError const& error) {
                attempts = error.attempts();
            }
            BOOST_REQUIRE(attempts.size() == 1);
            BOOST_TEST((attempts[0].phase == ConnectPhase::tcp));
            BOOST_TEST(attempts[0].endpoint == path);
            BOOST_TEST(attempts[0].url == "stomp+unix://" + path);
            BOOST_TEST(attempts[0].code.failed());
        });
    }
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_CASE(a_full_backlog_is_waited_for)
{
    SocketFolder const folder;
    auto const path = folder.path() + "/full.sock";
    asio::local::stream_protocol::acceptor acceptor(context);
    acceptor.open();
    acceptor.bind(path);
    acceptor.listen(0);
    LocalSocket first(context);
    first.connect(path);
    run([&]() -> asio::awaitable<void> {
        StompClient const client;
        auto const opening = start(context.get_executor(), client.connect("stomp+unix://" + path));
        co_await pause(50ms);
        BOOST_TEST(!opening->done);
        co_await acceptor.async_accept(asio::use_awaitable);
        Peer peer(co_await acceptor.async_accept(asio::use_awaitable));
        auto const connect = co_await peer.frame();
        BOOST_TEST(command_of(connect) == "CONNECT");
        opening->cancel();
        co_await finished(opening);
    });
    BOOST_TEST(run_dry());
}

BOOST_AUTO_TEST_SUITE_END()
