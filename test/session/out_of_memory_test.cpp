#include "session/run_on.hpp"
#include "support/failing_memory.hpp"
#include <arbalest/session/failure.hpp>
#include <arbalest/session/with_timeout.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <new>
#include <string>

// One allocation after the other fails: each time the operation ends, with std::bad_alloc at the latest, and nothing
// leaves io_context::run().
namespace {

namespace asio = boost::asio;
using namespace arbalest;
using namespace std::chrono_literals;
using test::FailingMemory;

// A wait that ends when it is told to, or by cancellation. It allocates only where a coroutine can throw.
class Event
{
public:
    asio::awaitable<void> wait()
    {
        co_await asio::async_initiate<asio::use_awaitable_t<> const, void()>(Start(), asio::use_awaitable, this);
        if (failed_)
            throw boost::system::system_error(*failed_);
    }

    void set() { complete({}); }

private:
    struct Start
    {
        template <class Handler>
        void operator()(Handler handler, Event* event) const
        {
            event->waiting_.emplace(std::move(handler));
            if (event->completed_) {
                event->complete(event->failed_);
                return;
            }
            try {
                auto slot = event->waiting_->get_cancellation_slot();
                if (slot.is_connected())
                    slot.assign([event](asio::cancellation_type) { event->complete(asio::error::operation_aborted); });
            } catch (...) {
                event->complete(asio::error::no_memory);
            }
        }
    };

    void complete(std::optional<boost::system::error_code> failed)
    {
        completed_ = true;
        failed_ = failed;
        if (!waiting_)
            return;
        auto last = std::move(*waiting_);
        waiting_.reset();
        std::move(last)();
    }

    using Handler = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;
    std::optional<Handler> waiting_;
    bool completed_ = false;
    std::optional<boost::system::error_code> failed_;
};

class Scene
{
public:
    asio::io_context context;
    // No strand: Asio's never runs again after a post to it has failed.
    asio::io_context other;
    std::shared_ptr<detail::SessionExecutor> const target =
        std::make_shared<detail::SessionExecutor>(other.get_executor());
    Event event;
};

using Operation = std::function<asio::awaitable<int>(Scene&)>;

asio::awaitable<int> give(int value)
{
    co_return value;
}

asio::awaitable<int> wait_for(Event& event)
{
    co_await event.wait();
    co_return 1;
}

asio::awaitable<void> attempt(asio::awaitable<int> operation, bool& done, std::string& failure)
{
    std::exception_ptr thrown;
    try {
        co_await std::move(operation);
    } catch (...) {
        thrown = std::current_exception();
    }
    FailingMemory::disarm();
    done = true;
    if (thrown)
        failure = Failure(thrown).what();
}

// Runs it with the first allocation that fails, then with the second, and so on, until none is left to fail.
void fail_everywhere(Operation const& operation, bool is_set = false)
{
    int failed = 0;
    for (std::size_t n = 1;; ++n) {
        BOOST_REQUIRE(n < 1000);
        BOOST_TEST_CONTEXT("allocation " << n)
        {
            Scene scene;
            bool done = false;
            std::string failure;
            auto running = attempt(operation(scene), done, failure);
            asio::co_spawn(scene.context, std::move(running), [](std::exception_ptr) {});
            // Behind what has been started, so that the start of the test is not what fails.
            asio::post(scene.context, [&] {
                if (is_set)
                    scene.event.set();
            });
            std::string left;
            auto const end = std::chrono::steady_clock::now() + 20s;
            FailingMemory::arm(n);
            while (!done && left.empty() && std::chrono::steady_clock::now() < end) {
                try {
                    scene.other.restart();
                    scene.other.poll();
                    scene.context.restart();
                    scene.context.run_one_for(1ms);
                } catch (std::exception const& error) {
                    left = error.what();
                }
            }
            bool const hit = FailingMemory::disarm();
            BOOST_TEST(left.empty(), "left run(): " << left);
            BOOST_TEST(done, "never ended");
            if (!hit)
                break;
            failed += failure.empty() ? 0 : 1;
        }
    }
    BOOST_TEST(failed > 0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(out_of_memory)

BOOST_AUTO_TEST_CASE(with_timeout_of_what_is_ready)
{
    fail_everywhere([](Scene&) { return with_timeout(60s, give(1)); });
}

BOOST_AUTO_TEST_CASE(with_timeout_of_what_ends_in_time)
{
    fail_everywhere([](Scene& scene) { return with_timeout(60s, wait_for(scene.event)); }, true);
}

BOOST_AUTO_TEST_CASE(with_timeout_of_what_does_not)
{
    fail_everywhere([](Scene& scene) { return with_timeout(1ms, wait_for(scene.event)); });
}

BOOST_AUTO_TEST_CASE(with_timeout_without_time)
{
    fail_everywhere([](Scene& scene) { return with_timeout(0ms, wait_for(scene.event)); });
}

BOOST_AUTO_TEST_CASE(on_another_executor_of_what_is_ready)
{
    fail_everywhere([](Scene& scene) { return detail::run_on(scene.target, give(1)); });
}

BOOST_AUTO_TEST_CASE(on_another_executor_of_what_waits)
{
    fail_everywhere([](Scene& scene) { return detail::run_on(scene.target, wait_for(scene.event)); }, true);
}

BOOST_AUTO_TEST_CASE(on_another_executor_with_a_limit)
{
    fail_everywhere(
        [](Scene& scene) { return with_timeout(1ms, detail::run_on(scene.target, wait_for(scene.event))); });
}

BOOST_AUTO_TEST_SUITE_END()
