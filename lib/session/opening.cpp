#include "opening.hpp"

#include "broker_list.hpp"
#include "executor_probe.hpp"
#include "run_on.hpp"
#include "session_impl.hpp"
#include "validate_config.hpp"

#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;

namespace {

// Lets go of a session that was not opened.
class OpeningGuard
{
public:
    explicit OpeningGuard(SessionImpl& impl) noexcept : impl_(&impl) {}
    OpeningGuard(OpeningGuard const&) = delete;
    OpeningGuard& operator=(OpeningGuard const&) = delete;
    ~OpeningGuard()
    {
        if (impl_)
            impl_->owner_ended();
    }
    void succeeded() noexcept { impl_ = nullptr; }

private:
    SessionImpl* impl_;
};

// Always by itself, so that every cancellation can be made a terminal one, which all transports support.
asio::awaitable<StompSession> open(std::shared_ptr<SessionImpl> impl, std::unique_ptr<Transport> transport)
{
    OpeningGuard guard(*impl);
    co_await SessionImpl::connect(impl, std::move(transport));
    guard.succeeded();
    co_return SessionImpl::make_session(std::move(impl));
}

} // namespace

asio::awaitable<StompSession> open_over(std::unique_ptr<Transport> transport, std::shared_ptr<StompConfig const> config)
{
    validate(*config);
    auto const executor = session_executor(transport->get_executor());
    auto const impl = SessionImpl::make(executor, std::move(config), nullptr);
    auto operation = open(impl, std::move(transport));
    co_return co_await run_on(impl->home(), std::move(operation), Cancellations::all_terminal);
}

asio::awaitable<StompSession> open_urls(asio::any_io_executor given, std::vector<std::string> urls,
                                        std::shared_ptr<StompConfig const> config)
{
    validate(*config);
    auto const executor = session_executor(std::move(given));
    auto const impl = SessionImpl::make(executor, std::move(config), std::make_shared<BrokerList>(std::move(urls)));
    auto operation = open(impl, nullptr);
    co_return co_await run_on(impl->home(), std::move(operation), Cancellations::all_terminal);
}

} // namespace arbalest::detail
