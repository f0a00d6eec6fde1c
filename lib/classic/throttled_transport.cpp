#include "throttled_transport.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <utility>

namespace arbalest::classic::detail {

namespace asio = boost::asio;

namespace {

constexpr std::size_t throttled_read_size = 4096;

} // namespace

void Throttle::wake()
{
    if (waiting_)
        waiting_->cancel();
}

void Throttle::open()
{
    is_open_ = true;
    wake();
}

ThrottledTransport::ThrottledTransport(std::unique_ptr<Transport> next, std::shared_ptr<Throttle> throttle)
    : next_(std::move(next)), throttle_(std::move(throttle)), timer_(next_->get_executor())
{
    throttle_->waiting_ = &timer_;
}

ThrottledTransport::~ThrottledTransport()
{
    throttle_->waiting_ = nullptr;
}

asio::awaitable<std::size_t> ThrottledTransport::read_some(asio::mutable_buffer buffer)
{
    if (throttle_->must_wait())
        return read_little(buffer);
    return next_->read_some(buffer);
}

asio::awaitable<std::size_t> ThrottledTransport::read_little(asio::mutable_buffer buffer)
{
    timer_.expires_after(throttle_->look());
    boost::system::error_code ignored; // cancelled: there is room again, or it is over
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    if (throttle_->must_wait())
        buffer = asio::buffer(buffer, throttled_read_size);
    co_return co_await next_->read_some(buffer);
}

asio::awaitable<void> ThrottledTransport::close(CloseReason reason)
{
    throttle_->open();
    return next_->close(reason);
}

void ThrottledTransport::abort() noexcept
{
    try {
        throttle_->open();
    } catch (...) {
        // The timer rings by itself, soon.
    }
    next_->abort();
}

} // namespace arbalest::classic::detail
