#pragma once

#include <arbalest/session/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <utility>

// From threads to coroutines.
namespace arbalest::classic::detail {

/// For what an executor does soon, if anybody runs it.
inline constexpr std::chrono::nanoseconds executor_limit = std::chrono::seconds(10);

/// Something that can be given up, from any thread.
class Cancellable
{
public:
    /// @param executor on which it runs.
    void cancel(std::shared_ptr<Cancellable> self, boost::asio::any_io_executor const& executor)
    {
        cancelled_.store(true); // for what has not begun
        boost::asio::post(executor,
                          [self = std::move(self)] { self->signal_.emit(boost::asio::cancellation_type::terminal); });
    }

    /// Whether the executor has come to it.
    bool has_begun() const noexcept { return begun_.load(); }

    /// Runs an operation on its executor. @param completion called there with (exception_ptr, T).
    template <class T, class Completion>
    static void run(std::shared_ptr<Cancellable> self, boost::asio::any_io_executor const& executor,
                    boost::asio::awaitable<T> operation, Completion completion)
    {
        // From there, because the slot belongs to that executor.
        boost::asio::post(executor, [self = std::move(self), executor, operation = std::move(operation),
                                     completion = std::move(completion)]() mutable {
            self->begun_.store(true);
            if (self->cancelled_.load()) {
                completion(std::make_exception_ptr(boost::system::system_error(boost::asio::error::operation_aborted)),
                           T());
                return;
            }
            auto const slot = self->signal_.slot();
            auto done = [self, completion = std::move(completion)](std::exception_ptr failure, T value) mutable {
                self->signal_.slot().clear();
                completion(failure, std::move(value));
            };
            boost::asio::co_spawn(executor, std::move(operation),
                                  boost::asio::bind_cancellation_slot(slot, std::move(done)));
        });
    }

private:
    boost::asio::cancellation_signal signal_;
    std::atomic<bool> cancelled_{false};
    std::atomic<bool> begun_{false};
};

/// Runs an operation on an executor and blocks until it is done.
/// @param limit how long the executor may do nothing at all: for one that nobody runs any more, where no timer ends the
/// operation.
/// @throws what it throws; Timeout at the limit; SessionClosed when the executor's context goes meanwhile.
template <class T>
T block_on(std::shared_ptr<Cancellable> cancellable, boost::asio::any_io_executor const& executor,
           boost::asio::awaitable<T> operation, std::chrono::nanoseconds limit = executor_limit)
{
    auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    Cancellable::run(cancellable, executor, std::move(operation),
                     [promise = std::move(promise)](std::exception_ptr failure, T value) {
                         if (failure)
                             promise->set_exception(failure);
                         else
                             promise->set_value(std::move(value));
                     });
    try {
        if (future.wait_for(limit) == std::future_status::ready)
            return future.get();
        for (bool is_run = cancellable->has_begun(); is_run;) {
            auto const answered = std::make_shared<std::atomic<bool>>(false);
            boost::asio::post(executor, [answered] { answered->store(true); });
            if (future.wait_for(limit) == std::future_status::ready)
                return future.get();
            is_run = answered->load();
        }
    } catch (std::future_error const&) {
        throw SessionClosed("the io_context of the connection is gone");
    }
    cancellable->cancel(cancellable, executor);
    throw Timeout(limit);
}

} // namespace arbalest::classic::detail
