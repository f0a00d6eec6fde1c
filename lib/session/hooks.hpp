#pragma once

#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/stomp_version.hpp>
#include <arbalest/session/interceptor.hpp>
#include <arbalest/session/observer.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <string_view>
#include <vector>

namespace arbalest::detail {

/// The observers and interceptors of a session, and whether one of the user's functions is running. Nothing that such a
/// function throws leaves this class, except where it says so. Lives on the session's executor.
class Hooks
{
public:
    Hooks() = default;
    Hooks(Hooks const&) = delete;
    Hooks& operator=(Hooks const&) = delete;

    /// As long as it lives, a function of the user's runs. Such functions are called in the middle of a step: nothing
    /// that they ask for may happen before the step is over.
    class Scope
    {
    public:
        explicit Scope(Hooks& hooks) noexcept : hooks_(hooks) { ++hooks_.running_; }
        Scope(Scope const&) = delete;
        Scope& operator=(Scope const&) = delete;
        ~Scope()
        {
            if (hooks_.running_ == 1 && hooks_.has_removed_)
                hooks_.forget_removed();
            --hooks_.running_;
        }

    private:
        Hooks& hooks_;
    };

    /// Whether a function of the user's is running.
    bool is_running() const noexcept { return running_ != 0; }

    // Nothing happens for nullptr. They may be called by a hook; what is removed is not called any more.
    void add_observer(std::shared_ptr<Observer> observer);
    void add_interceptor(std::shared_ptr<Interceptor> interceptor);
    void remove_observer(std::shared_ptr<Observer> const& observer);
    void remove_interceptor(std::shared_ptr<Interceptor> const& interceptor);

    bool has_observers() const noexcept { return !observers_.empty(); }
    bool has_interceptors() const noexcept { return !interceptors_.empty(); }
    /// Whether anybody wants to see the frames that come.
    bool is_watched() const noexcept { return has_observers() || has_interceptors(); }

    /// Calls a function of the user's. Returns what it throws; nullptr if nothing.
    template <class Function>
    std::exception_ptr call(Function function) noexcept
    {
        Scope const scope(*this);
        try {
            function();
            return nullptr;
        } catch (...) {
            return std::current_exception();
        }
    }

    /// Tells every observer, and of one that throws, all of them. @param callback the function that is called.
    template <class Function>
    void observe(std::string_view callback, Function function) noexcept
    {
        Scope const scope(*this);
        for (std::size_t i = 0; i < observers_.size(); ++i) {
            auto const thrown = call([&] {
                if (auto const observer = observers_[i])
                    function(*observer);
            });
            if (thrown)
                callback_failed(callback, thrown);
        }
    }

    /// Tells the observers of a function of the user's that has thrown.
    void callback_failed(std::string_view callback, std::exception_ptr const& thrown) noexcept;

    /// Shows a frame that is to be sent to the interceptors. Throws what they throw.
    void on_outgoing(Frame& frame);
    /// The same for a frame that nobody waits for: an interceptor that throws, or makes something of it that this
    /// version cannot express, changes nothing.
    Frame try_on_outgoing(Frame frame, StompVersion version, ContentLength content_length);
    /// Shows a frame that came to observers and interceptors. Returns false when an interceptor keeps it, or throws.
    bool on_incoming(Frame& frame);
    /// Tells the observers of a frame that was sent; the passcode is masked.
    void on_frame_sent(Frame const& frame) noexcept;

private:
    void forget_removed();

    std::vector<std::shared_ptr<Observer>> observers_;       // null: removed while a hook was running
    std::vector<std::shared_ptr<Interceptor>> interceptors_; // the same
    unsigned running_ = 0;                                   // nested, since observers are told of hooks that throw
    bool has_removed_ = false;
};

} // namespace arbalest::detail
