#include "hooks.hpp"

#include <arbalest/session/failure.hpp>

#include <algorithm>
#include <utility>

namespace arbalest::detail {

void Hooks::add_observer(std::shared_ptr<Observer> observer)
{
    if (observer)
        observers_.push_back(std::move(observer));
}

void Hooks::add_interceptor(std::shared_ptr<Interceptor> interceptor)
{
    if (interceptor)
        interceptors_.push_back(std::move(interceptor));
}

void Hooks::remove_observer(std::shared_ptr<Observer> const& observer)
{
    std::ranges::replace(observers_, observer, std::shared_ptr<Observer>());
    has_removed_ = true;
    Scope const forget_it(*this);
}

void Hooks::remove_interceptor(std::shared_ptr<Interceptor> const& interceptor)
{
    std::ranges::replace(interceptors_, interceptor, std::shared_ptr<Interceptor>());
    has_removed_ = true;
    Scope const forget_it(*this);
}

void Hooks::forget_removed()
{
    has_removed_ = false;
    std::erase(observers_, nullptr);
    std::erase(interceptors_, nullptr);
}

// What is thrown by those who are told of it goes no further.
void Hooks::callback_failed(std::string_view callback, std::exception_ptr const& thrown) noexcept
{
    Scope const scope(*this);
    for (std::size_t i = 0; i < observers_.size(); ++i) {
        call([&] {
            if (auto const observer = observers_[i])
                observer->on_callback_failed(callback, Failure(thrown));
        });
    }
}

void Hooks::on_outgoing(Frame& frame)
{
    Scope const scope(*this);
    for (std::size_t i = 0; i < interceptors_.size(); ++i) {
        auto const thrown = call([&] {
            if (auto const interceptor = interceptors_[i])
                interceptor->on_outgoing(frame);
        });
        if (!thrown)
            continue;
        callback_failed("on_outgoing", thrown);
        std::rethrow_exception(thrown);
    }
}

Frame Hooks::try_on_outgoing(Frame frame, StompVersion version, ContentLength content_length)
{
    Scope const scope(*this);
    for (std::size_t i = 0; i < interceptors_.size(); ++i) {
        auto const thrown = call([&] {
            if (auto const interceptor = interceptors_[i]) {
                auto changed = frame;
                interceptor->on_outgoing(changed);
                check_encodable(changed, version, content_length);
                frame = std::move(changed);
            }
        });
        if (thrown)
            callback_failed("on_outgoing", thrown);
    }
    return frame;
}

bool Hooks::on_incoming(Frame& frame)
{
    observe("on_frame_received", [&](Observer& observer) { observer.on_frame_received(frame); });
    bool goes_on = true;
    Scope const scope(*this);
    for (std::size_t i = 0; goes_on && i < interceptors_.size(); ++i) {
        auto const thrown = call([&] {
            if (auto const interceptor = interceptors_[i])
                goes_on = interceptor->on_incoming(frame);
        });
        if (!thrown)
            continue;
        goes_on = false;
        callback_failed("on_incoming", thrown);
    }
    return goes_on;
}

void Hooks::on_frame_sent(Frame const& frame) noexcept
{
    if (!frame.has_header("passcode")) {
        observe("on_frame_sent", [&](Observer& observer) { observer.on_frame_sent(frame); });
        return;
    }
    observe("on_frame_sent", [&](Observer& observer) {
        auto masked = frame;
        masked.set_header("passcode", "********");
        observer.on_frame_sent(masked);
    });
}

} // namespace arbalest::detail
