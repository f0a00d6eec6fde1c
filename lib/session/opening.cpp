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

// Always by itself, so that every cancellation can be made a terminal one, which all transports support.
asio::awaitable<StompSession> open(std::shared_ptr<Core> core, std::unique_ptr<Transport> transport)
{
    OpeningGuard guard(*core);
    co_await Core::connect(core, std::move(transport));
    guard.succeeded();
    co_return Core::make_session(std::move(core));
}

} // namespace

asio::awaitable<StompSession> open_over(std::unique_ptr<Transport> transport, std::shared_ptr<StompConfig const> config)
{
    validate(*config);
    auto const executor = session_executor(transport->get_executor());
    auto const core = Core::make(executor, std::move(config), nullptr);
    auto operation = open(core, std::move(transport));
    co_return co_await hop_to(core->home(), std::move(operation), Cancellations::all_terminal);
}

asio::awaitable<StompSession> open_urls(asio::any_io_executor given, std::vector<std::string> urls,
                                        std::shared_ptr<StompConfig const> config)
{
    validate(*config);
    auto const executor = session_executor(std::move(given));
    auto const core = Core::make(executor, std::move(config), std::make_shared<Route>(std::move(urls)));
    auto operation = open(core, nullptr);
    co_return co_await hop_to(core->home(), std::move(operation), Cancellations::all_terminal);
}

} // namespace arbalest::detail
