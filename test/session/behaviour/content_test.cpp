#include "support/session_tools.hpp"

// What is put into a message comes out of it: bodies of any bytes and sizes, headers with any characters.
BOOST_FIXTURE_TEST_SUITE(content, arbalest::test::BehaviourFixture)

using namespace arbalest;
using namespace arbalest::test;

namespace {

std::string all_bytes(std::size_t size)
{
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        body[i] = static_cast<char>((i * 31 + i / 256) & 0xff);
    return body;
}

} // namespace

BOOST_AUTO_TEST_CASE(bodies_of_any_bytes_arrive_unchanged)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        std::vector<std::string> bodies;
        bodies.emplace_back();
        bodies.emplace_back("\0", 1);
        bodies.emplace_back("\n\0\n\0\r\n", 6);
        bodies.emplace_back("MESSAGE\ncontent-length:1\n\nx\0", 28);
        if (carries_any_bytes) {
            bodies.push_back(all_bytes(256));
            bodies.push_back(all_bytes(70'001));
            bodies.push_back(all_bytes(std::size_t{1} << 20));
        }
        bodies.push_back(std::string(std::size_t{1} << 20, '"'));
        bodies.emplace_back("Gr\xc3\xbc\xc3\x9f"
                            "e, \xe4\xb8\x96\xe7\x95\x8c");
        for (auto const& body : bodies)
            co_await session.send(destination, body);
        for (auto const& body : bodies) {
            auto const message = co_await inbox.next_for(20s);
            BOOST_REQUIRE(message.has_value());
            BOOST_TEST(message->body().size() == body.size());
            BOOST_TEST((message->body() == body));
        }
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(headers_with_special_characters_arrive_unchanged)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        BOOST_TEST(session.version() == StompVersion::v1_2);
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        std::vector<std::pair<std::string, std::string>> headers;
        headers.emplace_back("x-lines", "one\ntwo\r\nthree");
        headers.emplace_back("x-colons", ":a:b:");
        headers.emplace_back("x-backslashes", "\\n \\\\ \\c \\");
        headers.emplace_back("x-spaces", "  kept  ");
        headers.emplace_back("x-utf8", "\xc3\xa4\xc3\xb6 \xe2\x82\xac");
        OutgoingMessage message(destination, "x");
        message.content_type("text/plain;charset=utf-8");
        for (auto const& [name, value] : headers)
            message.header(name, value);
        co_await session.send(std::move(message));
        auto const received = co_await inbox.receive();
        for (auto const& [name, value] : headers)
            BOOST_TEST(received.header(name).value_or("(none)") == value, name);
        BOOST_TEST(received.content_type() == "text/plain;charset=utf-8");
        BOOST_TEST(!received.message_id().empty());
        BOOST_TEST(received.subscription() == inbox.id());
        BOOST_TEST(!received.header("x-other").has_value());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(of_a_repeated_header_the_first_wins)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        OutgoingMessage message(destination, "x");
        message.header("x-twice", "first").header("x-twice", "second");
        co_await session.send(std::move(message));
        auto const received = co_await inbox.receive();
        BOOST_TEST(received.header("x-twice").value_or("") == "first");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_line_feed_in_a_1_0_header_is_refused_and_the_session_goes_on)
{
    run([this]() -> asio::awaitable<void> {
        auto config = confirming();
        config.accept_versions.assign(1, StompVersion::v1_0);
        auto session = co_await connect(config);
        auto const destination = queue();
        OutgoingMessage message(destination, "x");
        message.header("x-lines", "one\ntwo");
        auto const sent = session.stats().frames_sent;
        auto const failure = co_await failure_of(session.send(std::move(message)));
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        BOOST_TEST(failure.outcome() == Outcome::not_sent);
        BOOST_TEST(session.stats().frames_sent == sent);
        auto const receipt = co_await session.send(destination, "fine");
        BOOST_TEST(receipt.has_value());
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_wrong_content_length_is_refused_and_the_session_goes_on)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        OutgoingMessage message(destination, "four");
        message.header("content-length", "5");
        auto const failure = co_await failure_of(session.send(message));
        BOOST_TEST(is<InvalidFrame>(failure), failure.what());
        auto const submitting = co_await failure_of(session.submit(message));
        BOOST_TEST(is<InvalidFrame>(submitting), submitting.what());
        auto inbox = co_await session.subscribe(destination);
        co_await session.send(destination, "fine");
        auto const received = co_await inbox.receive();
        BOOST_TEST(received.body() == "fine");
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_message_is_forwarded_without_what_belongs_to_its_delivery)
{
    run([this]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const first = queue("first");
        auto const second = queue("second");
        auto inbox = co_await session.subscribe(first, AckMode::client_individual);
        auto outbox = co_await session.subscribe(second);
        OutgoingMessage original(first, "pass me on");
        original.content_type("text/plain").header("x-kept", "yes").header("persistent", "true");
        co_await session.send(std::move(original));
        auto const message = co_await inbox.receive();
        auto forwarded = OutgoingMessage::forward(message, second);
        for (auto const name : {"receipt", "subscription", "message-id", "ack", "redelivered"})
            BOOST_TEST(!forwarded.frame().has_header(name), name);
        BOOST_TEST(forwarded.frame().header("destination").value() == second);
        co_await session.send(std::move(forwarded));
        co_await session.ack(message);
        auto const arrived = co_await outbox.receive();
        BOOST_TEST(arrived.body() == "pass me on");
        BOOST_TEST(arrived.content_type() == "text/plain");
        BOOST_TEST(arrived.header("x-kept").value_or("") == "yes");
        BOOST_TEST(arrived.destination() == second);
        auto const back = OutgoingMessage::forward(message);
        BOOST_TEST(back.frame().header("destination").value() == first);
        co_await session.disconnect();
    });
}

BOOST_AUTO_TEST_CASE(a_message_outlives_its_subscription_and_its_session)
{
    std::optional<Message> kept;
    run([&]() -> asio::awaitable<void> {
        auto session = co_await connect(confirming());
        auto const destination = queue();
        auto inbox = co_await session.subscribe(destination);
        co_await session.send(destination, "kept");
        kept = co_await inbox.next();
        co_await session.disconnect();
    });
    BOOST_TEST(kept.value().body() == "kept");
    auto const copy = *kept;
    BOOST_TEST(std::move(*kept).body() == "kept");
    BOOST_TEST(copy.body() == "kept");
    BOOST_TEST(Message().body() == "");
}

BOOST_AUTO_TEST_SUITE_END()
