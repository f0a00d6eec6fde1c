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

#include <exception>
#include <future>
#include <memory>
#include <utility>

// From threads to coroutines.
namespace arbalest::classic::detail {

/// Something that can be given up, from any thread.
class Cancellable
{
public:
    /// @param executor on which it runs.
    void cancel(std::shared_ptr<Cancellable> self, boost::asio::any_io_executor const& executor)
    {
        boost::asio::post(executor, [self = std::move(self)] {
            self->cancelled_ = true;
            self->signal_.emit(boost::asio::cancellation_type::terminal);
        });
    }

    /// Runs an operation on its executor. @param completion called there with (exception_ptr, T).
    template <class T, class Completion>
    static void run(std::shared_ptr<Cancellable> self, boost::asio::any_io_executor const& executor,
                    boost::asio::awaitable<T> operation, Completion completion)
    {
        // From there, because the slot belongs to that executor.
        boost::asio::post(executor, [self = std::move(self), executor, operation = std::move(operation),
                                     completion = std::move(completion)]() mutable {
            if (self->cancelled_) {
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
    bool cancelled_ = false;
};

/// Runs an operation on an executor and blocks until it is done.
/// @throws what it throws; SessionClosed when the executor's context goes meanwhile.
template <class T>
T block_on(std::shared_ptr<Cancellable> cancellable, boost::asio::any_io_executor const& executor,
           boost::asio::awaitable<T> operation)
{
    auto promise = std::make_shared<std::promise<T>>();
    auto future = promise->get_future();
    Cancellable::run(std::move(cancellable), executor, std::move(operation),
                     [promise = std::move(promise)](std::exception_ptr failure, T value) {
                         if (failure)
                             promise->set_exception(failure);
                         else
                             promise->set_value(std::move(value));
                     });
    try {
        return future.get();
    } catch (std::future_error const&) {
        throw SessionClosed("the io_context of the connection is gone");
    }
}

} // namespace arbalest::classic::detail
