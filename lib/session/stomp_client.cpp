#include "opening.hpp"
#include <arbalest/session/stomp_client.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace arbalest {

namespace asio = boost::asio;

namespace {

asio::awaitable<StompSession> open_here(std::vector<std::string> urls, std::shared_ptr<StompConfig const> config)
{
    auto const executor = co_await asio::this_coro::executor;
    co_return co_await detail::open_urls(executor, std::move(urls), std::move(config));
}

} // namespace

StompClient::StompClient() : StompClient(StompConfig()) {}

StompClient::StompClient(StompConfig config) : config_(std::make_shared<StompConfig const>(std::move(config))) {}

StompClient::StompClient(asio::any_io_executor executor, StompConfig config)
    : config_(std::make_shared<StompConfig const>(std::move(config))), executor_(std::move(executor))
{
}

asio::awaitable<StompSession> StompClient::connect(std::string_view url) const
{
    std::vector<std::string> urls;
    urls.emplace_back(url);
    return connect(std::move(urls));
}

asio::awaitable<StompSession> StompClient::connect(std::vector<std::string> urls) const
{
    if (executor_)
        return detail::open_urls(*executor_, std::move(urls), config_);
    return open_here(std::move(urls), config_);
}

} // namespace arbalest
