#pragma once

#include <arbalest/transport/transport.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace arbalest::classic::detail {

/// What tells a connection to read slowly. All but set_open() on the connection's executor.
class Throttle
{
public:
    /// @param is_full whether reading should stop.
    explicit Throttle(std::function<bool()> is_full) : is_full_(std::move(is_full)) {}

    bool must_wait() const { return !is_open_ && is_full_(); }
    /// How long to wait before a little is read all the same, for the sake of heart-beats.
    void set_look(std::chrono::nanoseconds period) noexcept { look_ = period; }
    std::chrono::nanoseconds look() const noexcept { return look_; }
    /// There is room again.
    void wake();
    /// From now on nothing waits any more.
    void open();

private:
    friend class ThrottledTransport;
    std::function<bool()> is_full_;
    bool is_open_ = false;
    std::chrono::nanoseconds look_ = std::chrono::seconds(1);
    boost::asio::steady_timer* waiting_ = nullptr; // the transport's, while it lives
};

/// A transport that stops reading when it is told to, but for 4 KiB now and then: so the broker is held up by a slow
/// listener, and heart-beats are still seen.
class ThrottledTransport final : public Transport
{
public:
    ThrottledTransport(std::unique_ptr<Transport> next, std::shared_ptr<Throttle> throttle);
    ~ThrottledTransport() override;

    boost::asio::any_io_executor get_executor() override { return next_->get_executor(); }
    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer) override;
    boost::asio::awaitable<std::size_t> write_some(boost::asio::const_buffer buffer,
                                                   std::span<std::size_t const> frame_ends) override
    {
        return next_->write_some(buffer, frame_ends);
    }
    bool wants_frame_ends() const noexcept override { return next_->wants_frame_ends(); }
    bool may_close_while_busy() const noexcept override { return next_->may_close_while_busy(); }
    boost::asio::awaitable<void> close(CloseReason reason) override;
    void abort() noexcept override;
    std::string remote_endpoint() const override { return next_->remote_endpoint(); }
    std::string subprotocol() const override { return next_->subprotocol(); }

private:
    boost::asio::awaitable<std::size_t> read_little(boost::asio::mutable_buffer buffer);

    std::unique_ptr<Transport> next_;
    std::shared_ptr<Throttle> throttle_;
    boost::asio::steady_timer timer_;
};

} // namespace arbalest::classic::detail
