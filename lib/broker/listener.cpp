#include "listener.hpp"

#include <boost/asio/strand.hpp>

#include <chrono>
#include <utility>

namespace arbalest::broker {

using boost::asio::ip::tcp;
using boost::system::error_code;

Listener::Listener(boost::asio::any_io_executor const& executor, tcp::endpoint const& endpoint, bool stranded,
                   MakeStream make_stream, OnAccept on_accept)
    : acceptor_(executor, endpoint, true), timer_(executor), stranded_(stranded), make_stream_(std::move(make_stream)),
      on_accept_(std::move(on_accept))
{
}

void Listener::accept()
{
    auto executor = acceptor_.get_executor();
    if (stranded_)
        executor = boost::asio::make_strand(executor);
    acceptor_.async_accept(executor, [self = shared_from_this()](error_code error, tcp::socket socket) {
        self->on_accept_(error, error ? nullptr : self->make_stream_(std::move(socket)));
    });
}

void Listener::accept_later()
{
    timer_.expires_after(std::chrono::milliseconds(50));
    timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error)
            self->on_accept_(boost::asio::error::try_again, nullptr);
    });
}

void Listener::close() noexcept
{
    error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
}

} // namespace arbalest::broker
