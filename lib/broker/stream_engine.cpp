#include "stream_engine.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace arbalest::broker {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

void StreamEngine::read_some(std::span<char> into, User user)
{
    if (is_open_)
        return read_open(into, std::move(user));
    drain([user = std::move(user)](error_code error) { user->on_read(error, 0); });
}

void StreamEngine::shut_down()
{
    if (is_open_)
        shut_down_open();
    else
        end_output();
}

void StreamEngine::close() noexcept
{
    error_code ignored;
    socket().close(ignored);
}

void StreamEngine::reset() noexcept
{
    error_code ignored;
    socket().set_option(asio::socket_base::linger(true, 0), ignored);
    socket().close(ignored);
}

void StreamEngine::opened(error_code error, User user)
{
    if (!error) {
        is_open_ = true;
        return user->on_open(error);
    }
    end_output();
    drain([error, user = std::move(user)](error_code) { user->on_open(error); });
}

void StreamEngine::end_output() noexcept
{
    error_code ignored;
    socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void StreamEngine::drain(std::function<void(error_code)> done)
{
    // The reactor tells of an end only once, and an operation before this one may have taken it.
    error_code error;
    socket().non_blocking(true, error);
    if (!error)
        socket().read_some(asio::buffer(waste_), error);
    if (error && error != asio::error::would_block)
        return done(error);
    drain_on(std::move(done));
}

void StreamEngine::drain_on(std::function<void(error_code)> done)
{
    socket().async_read_some(asio::buffer(waste_), [self = shared_from_this(),
                                                    done = std::move(done)](error_code error, std::size_t) mutable {
        if (error)
            done(error);
        else
            self->drain_on(std::move(done));
    });
}

StrandedStream::StrandedStream(asio::any_io_executor strand, std::shared_ptr<StreamEngine> engine,
                               bool keeps_boundaries)
    : strand_(std::move(strand)), engine_(std::move(engine)), keeps_boundaries_(keeps_boundaries)
{
}

// Never dispatched: in the middle of a caller's turn the strand might run what needs a turn of its own.
template <class Call>
void StrandedStream::post(Call call)
{
    asio::post(strand_, [engine = engine_, call = std::move(call)]() mutable { call(*engine); });
}

bool StrandedStream::open(std::shared_ptr<StreamUser> user)
{
    post([user = std::move(user)](StreamEngine& engine) mutable { engine.open(std::move(user)); });
    return false;
}

void StrandedStream::read_some(std::span<char> into, std::shared_ptr<StreamUser> user)
{
    post([into, user = std::move(user)](StreamEngine& engine) mutable { engine.read_some(into, std::move(user)); });
}

void StrandedStream::write_some(std::string_view bytes, std::shared_ptr<StreamUser> user)
{
    post([bytes, user = std::move(user)](StreamEngine& engine) mutable { engine.write_some(bytes, std::move(user)); });
}

void StrandedStream::shut_down() noexcept
{
    post([](StreamEngine& engine) { engine.shut_down(); });
}

void StrandedStream::close() noexcept
{
    post([](StreamEngine& engine) { engine.close(); });
}

void StrandedStream::reset() noexcept
{
    post([](StreamEngine& engine) { engine.reset(); });
}

} // namespace arbalest::broker
