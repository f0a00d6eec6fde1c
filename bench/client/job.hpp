#pragma once

#include "../support/measurement.hpp"
#include "../support/options.hpp"
#include <arbalest/session/stomp_session.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>

namespace bench {

/// What a scenario is asked for.
struct ClientJob
{
    explicit ClientJob(Options const& options)
        : scenario(options.scenario()), url(options.text("url")), count(options.number("count", 100'000)),
          body(options.number("body", 100)), window(options.number("window", 1000)),
          subscriptions(options.number("subscriptions", 1)), others(options.number("others", 0)),
          destination(options.text("destination", "/queue/bench")), ca_file(options.text("ca", "")),
          preload(options.number("preload", 0) != 0)
    {
    }

    std::string scenario;
    std::string url;
    std::size_t count;
    std::size_t body;
    std::size_t window;
    std::size_t subscriptions;
    std::size_t others; // subscriptions that get nothing, open meanwhile (deliver)
    std::string destination;
    std::string ca_file;
    bool preload; // the peer is a broker, which delivers only what it was sent before
};

/// The destination at which bench-sink pushes what the job asks for; at a broker, the job's own.
std::string push_destination(ClientJob const& job);

// One coroutine each; each measures itself. They throw when something went missing.
boost::asio::awaitable<void> fire(arbalest::StompSession session, ClientJob const& job, Measurement& measurement);
boost::asio::awaitable<void> confirm(arbalest::StompSession session, ClientJob const& job, Measurement& measurement);
boost::asio::awaitable<void> pipeline(arbalest::StompSession session, ClientJob const& job, Measurement& measurement);
boost::asio::awaitable<void> deliver(arbalest::StompSession session, ClientJob const& job, Measurement& measurement);
boost::asio::awaitable<void> deliver_try(arbalest::StompSession session, ClientJob const& job,
                                         Measurement& measurement);
boost::asio::awaitable<void> deliver_hook(arbalest::StompSession session, ClientJob const& job,
                                          Measurement& measurement);
boost::asio::awaitable<void> deliver_listener(arbalest::StompSession session, ClientJob const& job,
                                              Measurement& measurement);
boost::asio::awaitable<void> fan(arbalest::StompSession session, ClientJob const& job, Measurement& measurement);

} // namespace bench
