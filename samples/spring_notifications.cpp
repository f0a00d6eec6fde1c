// A listener for a Spring Boot application: prints the notifications, in JSON, that it sends to everybody at
// /topic/notifications and to this user at /user/queue/notifications.
// Usage: spring_notifications URL [COUNT [DESTINATION]]
//            for instance ws://localhost:8080/notifications/websocket: "/notifications" is the endpoint, "/websocket"
//            its raw WebSocket if it is one with SockJS (sockjs+http://localhost:8080/notifications works as well).
//            Stops after COUNT notifications, or if that is 0, the default, when it is interrupted. If DESTINATION is
//            given, for instance /app/measure, a long text is sent there, and one of the notifications must be the
//            answer, titled "Measured".
//        spring_notifications
//            without an application: a broker inside this program plays its part

#include <arbalest/arbalest.hpp>
#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/multiple_exceptions.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json/src.hpp> // in one source file of the program, instead of linking with Boost.JSON

#include <chrono>
#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace json = boost::json;
using namespace asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

std::string const for_everybody = "/topic/notifications";
std::string const for_this_user = "/user/queue/notifications";

arbalest::StompConfig spring()
{
    arbalest::StompConfig config;
    config.heart_beat = {10s, 10s}; // needs a TaskScheduler at the broker of the application, else there are none
    config.auto_receipt = false;    // Spring's own broker confirms nothing but DISCONNECT
    config.websocket.payload = arbalest::WebSocketPayload::text;
    // Tomcat takes no message of more than 8 KiB, but Spring puts those together that are a frame cut into pieces.
    config.websocket.split_large_frames = 8 * 1024;
    return config;
}

class Progress
{
public:
    /// Whether there is nothing left to wait for.
    bool is_complete() const { return wanted > 0 && notifications >= wanted && !awaits_answer; }

    std::size_t wanted = 0; ///< Zero: without end.
    std::size_t notifications = 0;
    bool awaits_answer = false;
};

void print(arbalest::Message const& message, Progress& progress)
{
    boost::system::error_code failure;
    auto const notification = json::parse(message.body(), failure);
    auto const* const object = notification.if_object();
    std::cout << message.destination() << ": ";
    if (failure || !object) {
        std::cout << message.body() << std::endl;
        return;
    }
    for (auto const& [name, value] : *object)
        std::cout << std::string_view(name) << " = " << value << "  ";
    std::cout << std::endl;
    auto const* const title = object->if_contains("title");
    if (title && *title == "Measured")
        progress.awaits_answer = false;
}

asio::awaitable<void> listen(arbalest::StompSession session, arbalest::Subscription inbox, Progress& progress)
{
    while (auto const message = co_await inbox.next()) {
        print(*message, progress);
        ++progress.notifications;
        if (progress.is_complete())
            session.start_disconnect(); // both subscriptions then end in order
    }
}

// More than fits into one WebSocket message, with letters of several bytes at every place where it might be cut.
std::string long_text()
{
    std::string text;
    while (text.size() < 30'000)
        text += "größer ";
    return text;
}

asio::awaitable<void> notifications(std::string url, std::string ask_at, Progress& progress)
{
    arbalest::StompClient const client(spring());
    auto session = co_await client.connect(url);
    auto const beat = session.negotiated_heart_beat();
    std::cout << "connected, STOMP " << session.version() << ", heart-beats every " << beat.send.count() << " and "
              << beat.receive.count() << " ms" << std::endl;

    asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM);
    auto const interrupted = [session](boost::system::error_code code, int) {
        if (!code)
            session.start_disconnect();
    };
    signals.async_wait(interrupted);

    auto everybody = co_await session.subscribe(for_everybody);
    auto mine = co_await session.subscribe(for_this_user);
    if (!ask_at.empty()) {
        arbalest::OutgoingMessage question(ask_at, long_text());
        question.content_type("text/plain;charset=UTF-8");
        progress.awaits_answer = true;
        co_await session.send(std::move(question));
    }
    co_await (listen(session, std::move(everybody), progress) && listen(session, std::move(mine), progress));
    co_await session.disconnect();
    std::cout << "disconnected after " << progress.notifications << " notifications\n";
}

// The part of the application, when there is none: an answer to the one who asks, and then news for everybody.
asio::awaitable<void> play_application(std::string url)
{
    arbalest::StompConfig config;
    config.auto_receipt = true;
    arbalest::StompClient const client(config);
    auto session = co_await client.connect(url);
    auto questions = co_await session.subscribe("/app/measure");
    auto const question = co_await questions.next_for(10s);
    if (!question || question->body() != long_text())
        throw std::runtime_error("the question has not arrived as it was sent");

    json::object answer;
    answer["title"] = "Measured";
    answer["text"] = std::to_string(question->body().size()) + " bytes";
    arbalest::OutgoingMessage to_one(for_this_user, json::serialize(answer));
    to_one.content_type("application/json");
    co_await session.send(std::move(to_one));
    for (int id = 1; id <= 2; ++id) {
        json::object news;
        news["id"] = id;
        news["title"] = "For all";
        arbalest::OutgoingMessage to_all(for_everybody, json::serialize(news));
        to_all.content_type("application/json");
        co_await session.send(std::move(to_all));
    }
    co_await session.disconnect();
}

asio::awaitable<void> on_broker(arbalest::EmbeddedBroker& broker, Progress& progress)
{
    auto const url = broker.url(arbalest::Listen::websocket);
    co_await (notifications(url, "/app/measure", progress) && play_application(broker.url(arbalest::Listen::tcp)));
}

// The end of the session ends everything that waits: of all those failures, the first.
std::exception_ptr first_of(std::exception_ptr failure)
{
    try {
        if (failure)
            std::rethrow_exception(failure);
    } catch (asio::multiple_exceptions const& several) {
        return first_of(several.first_exception());
    } catch (...) {
        // It is one.
    }
    return failure;
}

int main(int argc, char** argv)
{
    asio::io_context context;
    std::optional<arbalest::EmbeddedBroker> broker;
    Progress progress;
    int status = 0;
    auto const done = [&](std::exception_ptr failure) {
        if (broker)
            broker->stop(); // nothing is left to be done then, and run() returns
        try {
            if (failure)
                std::rethrow_exception(first_of(failure));
            if (progress.wanted > 0 && !progress.is_complete())
                throw std::runtime_error("it ended before everything had come");
        } catch (std::exception const& error) {
            std::cerr << "spring_notifications: " << error.what() << '\n';
            status = 1;
        }
    };

    try {
        if (argc > 1) {
            progress.wanted = argc > 2 ? std::stoul(argv[2]) : 0;
            asio::co_spawn(context, notifications(argv[1], argc > 3 ? argv[3] : "", progress), done);
        } else {
            arbalest::BrokerConfig config;
            config.websocket.path = "/notifications/websocket";
            broker.emplace(context.get_executor(), config);
            broker->listen(arbalest::Listen::websocket);
            broker->listen(arbalest::Listen::tcp);
            progress.wanted = 3;
            asio::co_spawn(context, on_broker(*broker, progress), done);
        }
    } catch (std::exception const& error) {
        std::cerr << "spring_notifications: " << error.what()
                  << "\nusage: spring_notifications [URL [COUNT [DESTINATION]]]\n";
        return 2;
    }
    context.run();
    return status;
}
