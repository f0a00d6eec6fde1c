#include "hook_scene.hpp"
#include "support/rounds.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <chrono>
#include <cstddef>
#include <deque>

// Whatever a hook does, at whichever moment: nothing breaks.
BOOST_AUTO_TEST_SUITE(hooks_table)

using namespace arbalest;
using namespace arbalest::test;

namespace {

// How many sessions play at the same time: their waits are the same then.
constexpr std::size_t at_once = 100;

class NamedAction
{
public:
    std::string name;
    HookScene::Action act;
};

std::vector<NamedAction> all_actions()
{
    class Nothing final : public Observer, public Interceptor
    {};
    std::vector<NamedAction> all;
    all.push_back({"drops the handle", [](HookScene& scene) { scene.session = StompSession(); }});
    all.push_back({"starts to disconnect", [](HookScene& scene) { scene.session.start_disconnect(); }});
    all.push_back({"starts to disconnect and drops the handle", [](HookScene& scene) {
                       scene.session.start_disconnect();
                       scene.session = StompSession();
                   }});
    all.push_back({"adds and removes hooks", [](HookScene& scene) {
                       scene.session.add_interceptor(scene.interceptor);
                       scene.session.add_observer(scene.observer);
                       scene.session.remove_interceptor(scene.interceptor);
                       scene.session.remove_observer(scene.observer);
                   }});
    all.push_back({"adds hooks", [](HookScene& scene) {
                       auto const nothing = std::make_shared<Nothing>();
                       scene.session.add_observer(nothing);
                       scene.session.add_interceptor(nothing);
                   }});
    all.push_back({"sends", [](HookScene& scene) {
                       asio::co_spawn(scene.executor, HookScene::send(scene, "by a hook"), asio::detached);
                   }});
    all.push_back({"drops a subscription", [](HookScene& scene) { scene.inbox = Subscription(); }});
    all.push_back({"unsubscribes", [](HookScene& scene) {
                       asio::co_spawn(scene.executor, scene.other.unsubscribe(), [](std::exception_ptr) {});
                   }});
    return all;
}

class Table : public ContextFixture
{
public:
    /// Plays all that were added, and checks them.
    void play_all()
    {
        while (!waiting_.empty()) {
            std::vector<std::unique_ptr<HookScene>> playing;
            std::vector<std::string> names;
            while (!waiting_.empty() && playing.size() < at_once) {
                auto make = std::move(waiting_.front());
                waiting_.pop_front();
                names.push_back(make.first);
                playing.push_back(make.second());
            }
            run(
                [&]() -> asio::awaitable<void> {
                    std::vector<std::shared_ptr<Task<void>>> tasks;
                    for (auto const& scene : playing)
                        tasks.push_back(start(context.get_executor(), scene->play()));
                    for (auto const& task : tasks)
                        co_await finished(task);
                    for (std::size_t i = 0; i < tasks.size(); ++i)
                        BOOST_TEST(!tasks[i]->failure, names[i] << ": " << tasks[i]->failure.what());
                },
                120s);
            for (std::size_t i = 0; i < playing.size(); ++i) {
                auto const fault = playing[i]->fault();
                BOOST_TEST(fault.empty(), names[i] << ": " << fault);
                check(*playing[i], names[i]);
            }
        }
    }

    void add(std::string const& name, bool reconnects, bool graceful, Moment const& moment, HookScene::Action action)
    {
        auto make = [this, reconnects, graceful, moment, action] {
            return std::make_unique<HookScene>(context.get_executor(), reconnects, graceful, moment, action);
        };
        waiting_.emplace_back(name + (reconnects ? ", reconnecting" : "") + (graceful ? "" : ", not graceful") +
                                  ", at " + moment,
                              std::move(make));
    }

    /// Every moment that there is, in the order in which they come.
    std::vector<Moment> moments(bool reconnects, bool graceful)
    {
        HookScene scene(context.get_executor(), reconnects, graceful, Moment(), nullptr);
        run([&]() -> asio::awaitable<void> { co_await scene.play(); });
        BOOST_TEST(scene.fault().empty(), scene.fault());
        return scene.moments;
    }

    std::function<void(HookScene const&, std::string const&)> check = [](HookScene const&, std::string const&) {};

private:
    std::deque<std::pair<std::string, std::function<std::unique_ptr<HookScene>()>>> waiting_;
};

void act_everywhere(Table& table, bool reconnects, bool graceful)
{
    auto const moments = table.moments(reconnects, graceful);
    BOOST_TEST(moments.size() > 40u);
    std::size_t acted = 0;
    table.check = [&acted](HookScene const& scene, std::string const&) { acted += scene.acted ? 1 : 0; };
    auto const actions = all_actions();
    std::size_t added = 0;
    std::size_t number = 0;
    for (auto const& action : actions) {
        for (auto const& moment : moments) {
            if (number++ % fewer_rounds != 0)
                continue;
            table.add(action.name, reconnects, graceful, moment, action.act);
            ++added;
        }
    }
    table.play_all();
    // A few moments come by chance: a heart-beat on the second connection.
    BOOST_TEST(acted + 5 * actions.size() >= added);
}

} // namespace

BOOST_FIXTURE_TEST_CASE(any_action_at_any_moment, Table)
{
    act_everywhere(*this, false, true);
}

BOOST_FIXTURE_TEST_CASE(any_action_at_any_moment_without_a_graceful_end, Table)
{
    act_everywhere(*this, false, false);
}

BOOST_FIXTURE_TEST_CASE(any_action_at_any_moment_of_a_session_that_reconnects, Table)
{
    act_everywhere(*this, true, true);
}

BOOST_FIXTURE_TEST_CASE(any_action_at_any_moment_of_a_session_that_reconnects_without_a_graceful_end, Table)
{
    act_everywhere(*this, true, false);
}

// An int, which is no std::exception, from every callback.
BOOST_FIXTURE_TEST_CASE(anything_may_be_thrown_at_any_moment_and_is_reported, Table)
{
    for (bool const reconnects : {false, true}) {
        for (auto const& moment : moments(reconnects, true))
            add("throws", reconnects, true, moment, [](HookScene&) { throw 42; });
    }
    check = [](HookScene const& scene, std::string const& name) {
        if (!scene.acted)
            return;
        BOOST_REQUIRE_MESSAGE(scene.failed_callbacks.size() == 1u,
                              name << ": reported " << scene.failed_callbacks.size() << " times");
        BOOST_TEST(name.find(" " + scene.failed_callbacks.front()) != std::string::npos,
                   name << ": reported as " << scene.failed_callbacks.front());
    };
    play_all();
}

BOOST_AUTO_TEST_SUITE_END()
