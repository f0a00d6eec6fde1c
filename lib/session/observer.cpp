#include <arbalest/session/interceptor.hpp>
#include <arbalest/session/observer.hpp>

#include <exception>
#include <utility>

namespace arbalest {

Observer::~Observer() = default;
void Observer::on_connecting(std::string_view) {}
void Observer::on_transport_connected(std::string_view) {}
void Observer::on_connected(Frame const&) {}
void Observer::on_frame_sent(Frame const&) {}
void Observer::on_frame_received(Frame const&) {}
void Observer::on_heart_beat_sent() {}
void Observer::on_heart_beat_received() {}
void Observer::on_error_frame(Frame const&) {}
void Observer::on_lost(Failure const&) {}
void Observer::on_waiting(std::chrono::milliseconds, unsigned) {}
void Observer::on_callback_failed(std::string_view, Failure const&) {}
void Observer::on_closed(Failure const&) {}

Interceptor::~Interceptor() = default;
void Interceptor::on_outgoing(Frame&) {}
bool Interceptor::on_incoming(Frame&)
{
    return true;
}

namespace {

class CombinedObserver final : public Observer
{
public:
    explicit CombinedObserver(std::vector<std::shared_ptr<Observer>> observers) : observers_(std::move(observers)) {}

    void on_connecting(std::string_view url) override
    {
        tell("on_connecting", [&](Observer& observer) { observer.on_connecting(url); });
    }
    void on_transport_connected(std::string_view endpoint) override
    {
        tell("on_transport_connected", [&](Observer& observer) { observer.on_transport_connected(endpoint); });
    }
    void on_connected(Frame const& frame) override
    {
        tell("on_connected", [&](Observer& observer) { observer.on_connected(frame); });
    }
    void on_frame_sent(Frame const& frame) override
    {
        tell("on_frame_sent", [&](Observer& observer) { observer.on_frame_sent(frame); });
    }
    void on_frame_received(Frame const& frame) override
    {
        tell("on_frame_received", [&](Observer& observer) { observer.on_frame_received(frame); });
    }
    void on_heart_beat_sent() override
    {
        tell("on_heart_beat_sent", [](Observer& observer) { observer.on_heart_beat_sent(); });
    }
    void on_heart_beat_received() override
    {
        tell("on_heart_beat_received", [](Observer& observer) { observer.on_heart_beat_received(); });
    }
    void on_error_frame(Frame const& frame) override
    {
        tell("on_error_frame", [&](Observer& observer) { observer.on_error_frame(frame); });
    }
    void on_lost(Failure const& cause) override
    {
        tell("on_lost", [&](Observer& observer) { observer.on_lost(cause); });
    }
    void on_waiting(std::chrono::milliseconds delay, unsigned attempt) override
    {
        tell("on_waiting", [&](Observer& observer) { observer.on_waiting(delay, attempt); });
    }
    void on_callback_failed(std::string_view callback, Failure const& failure) override
    {
        for (auto const& observer : observers_) {
            try {
                if (observer)
                    observer->on_callback_failed(callback, failure);
            } catch (...) {
                // It is not told of itself.
            }
        }
    }
    void on_closed(Failure const& cause) override
    {
        tell("on_closed", [&](Observer& observer) { observer.on_closed(cause); });
    }

private:
    // One that throws does not keep the others from being told. The session tells all observers of the first that does;
    // of further ones, these here are told.
    template <class Function>
    void tell(std::string_view callback, Function function)
    {
        std::exception_ptr first;
        for (auto const& observer : observers_) {
            std::exception_ptr thrown;
            try {
                if (observer)
                    function(*observer);
            } catch (...) {
                thrown = std::current_exception();
            }
            if (thrown && first)
                on_callback_failed(callback, Failure(thrown));
            else if (thrown)
                first = thrown;
        }
        if (first)
            std::rethrow_exception(first);
    }

    std::vector<std::shared_ptr<Observer>> observers_;
};

} // namespace

std::shared_ptr<Observer> combine_observers(std::vector<std::shared_ptr<Observer>> observers)
{
    return std::make_shared<CombinedObserver>(std::move(observers));
}

} // namespace arbalest
