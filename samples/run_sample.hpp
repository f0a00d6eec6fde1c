#pragma once

#include <arbalest/broker/embedded_broker.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

/// The main() of the samples. Runs a coroutine on the broker whose URL is the first argument, or on one inside this
/// program, and prints what it throws.
/// @param sample called with the URL; or with the URL and a pointer to the broker, which is null when a URL was given.
/// @param kind @param config what the broker inside this program is like.
/// @returns the exit status.
template <class Sample>
int run_sample(int argc, char** argv, Sample sample, arbalest::Listen kind = arbalest::Listen::tcp,
               arbalest::BrokerConfig config = arbalest::BrokerConfig())
{
    boost::asio::io_context context;
    std::optional<arbalest::EmbeddedBroker> broker;
    int status = 0;
    auto const done = [&](std::exception_ptr failure) {
        if (broker)
            broker->stop(); // nothing is left to be done then, and run() returns
        try {
            if (failure)
                std::rethrow_exception(failure);
        } catch (std::exception const& error) {
            std::cerr << std::filesystem::path(argv[0]).filename().string() << ": " << error.what() << '\n';
            status = 1;
        }
    };

    std::string url;
    if (argc > 1) {
        url = argv[1];
    } else {
        broker.emplace(context.get_executor(), std::move(config));
        broker->listen(kind);
        url = broker->url();
    }
    if constexpr (std::is_invocable_v<Sample&, std::string, arbalest::EmbeddedBroker*>)
        boost::asio::co_spawn(context, sample(url, broker ? &*broker : nullptr), done);
    else
        boost::asio::co_spawn(context, sample(url), done);
    context.run();
    return status;
}
