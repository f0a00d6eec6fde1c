#include "opening.hpp"

#include "core.hpp"
#include "executor_probe.hpp"
#include "hop.hpp"
#include "route.hpp"
#include "validate_config.hpp"

#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

// Lets go of a session that was not opened.
class OpeningGuard
{
public:
    explicit OpeningGuard(Core& core) noexcept : core_(&core) {}
    OpeningGuard(OpeningGuard const&) = delete;
    OpeningGuard& operator=(OpeningGuard const&) = delete;
    ~OpeningGuard()
    {
        if (core_)
            core_->lease_ended();
    }
    void succeeded() noexcept { core_ = nullptr; }

private:
    Core* core_;
};

} // namespace

asio::awaitable<StompSession> open_over(std::unique_ptr<Transport> transport, std::shared_ptr<StompConfig const> config)
{
    validate(*config);
    auto const executor = session_executor(transport->get_executor());
    ExecutorProbe const probe(executor);
    if (!probe.running_here()) {
        auto operation = open_over(std::move(transport), std::move(config));
        co_return co_await hop_to(executor, std::move(operation));
    }
    auto const core = std::make_shared<Core>(executor, std::move(config), nullptr);
    OpeningGuard guard(*core);
    co_await Core::connect(core, std::move(transport));
    guard.succeeded();
    co_return Core::make_session(core);
}

asio::awaitable<StompSession> open_urls(asio::any_io_executor given, std::vector<std::string> urls,
                                        std::shared_ptr<StompConfig const> config)
{
    validate(*config);
    auto const executor = session_executor(std::move(given));
    ExecutorProbe const probe(executor);
    if (!probe.running_here()) {
        auto operation = open_urls(executor, std::move(urls), std::move(config));
        co_return co_await hop_to(executor, std::move(operation));
    }
    auto const core = std::make_shared<Core>(executor, std::move(config), std::make_shared<Route>(std::move(urls)));
    OpeningGuard guard(*core);
    co_await Core::connect(core, nullptr);
    guard.succeeded();
    co_return Core::make_session(core);
}

} // namespace arbalest::detail
