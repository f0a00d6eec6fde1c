#pragma once

#include "incoming_frames.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/async_base.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace arbalest::detail {

/// The layer between a Beast WebSocket stream and what it reads from. It reads large pieces, where Beast by itself
/// would read 1.5 KiB at a time, and gives Beast no more than one frame; so whoever reads the stream can take the
/// messages that follow from incoming(), without Beast.
template <class Next>
class FramewiseStream
{
public:
    using next_layer_type = Next;
    using executor_type = typename Next::executor_type;

    explicit FramewiseStream(Next next) : next_(std::move(next)) {}

    executor_type get_executor() noexcept { return next_.get_executor(); }
    next_layer_type& next_layer() noexcept { return next_; }
    next_layer_type const& next_layer() const noexcept { return next_; }
    IncomingFrames& incoming() noexcept { return *incoming_; }

    template <class Buffers, class Token>
    auto async_read_some(Buffers const& buffers, Token&& token)
    {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [](auto&& handler, FramewiseStream* self, Buffers const& into) {
                using Handler = std::decay_t<decltype(handler)>;
                ReadOp<Handler, Buffers>::start(std::forward<decltype(handler)>(handler), *self, into);
            },
            token, this, buffers);
    }

    template <class Buffers, class Token>
    auto async_write_some(Buffers const& buffers, Token&& token)
    {
        return next_.async_write_some(buffers, std::forward<Token>(token));
    }

private:
    template <class Handler, class Buffers>
    class ReadOp : public boost::beast::async_base<Handler, executor_type>
    {
        using Base = boost::beast::async_base<Handler, executor_type>;

    public:
        template <class Given>
        static void start(Given&& handler, FramewiseStream& stream, Buffers const& into)
        {
            ReadOp operation(std::forward<Given>(handler), stream, into);
            auto& incoming = *stream.incoming_;
            if (auto const size = operation.copy(); size != 0) {
                operation.complete(false, boost::system::error_code(), size); // posts
                return;
            }
            // The inside of a large message goes directly to who reads it.
            operation.is_direct_ = incoming.to_come() >= boost::asio::buffer_size(into);
            if (operation.is_direct_) {
                stream.next_.async_read_some(into, std::move(operation));
                return;
            }
            auto const room = incoming.prepare();
            stream.next_.async_read_some(boost::asio::buffer(room.data(), room.size()), std::move(operation));
        }

        void operator()(boost::system::error_code code, std::size_t size)
        {
            if (is_direct_) {
                incoming_->passed(size);
            } else {
                incoming_->commit(size);
                size = copy();
            }
            this->complete_now(code, size);
        }

    private:
        template <class Given>
        ReadOp(Given&& handler, FramewiseStream& stream, Buffers const& into)
            : Base(std::forward<Given>(handler), stream.get_executor()), incoming_(stream.incoming_), into_(into)
        {
        }

        std::size_t copy()
        {
            auto const size = boost::asio::buffer_copy(into_, boost::asio::buffer(incoming_->for_stream()));
            incoming_->consume(size);
            return size;
        }

        std::shared_ptr<IncomingFrames> incoming_; // the stream may be gone when the read ends
        Buffers into_;
        bool is_direct_ = false;
    };

    Next next_;
    std::shared_ptr<IncomingFrames> incoming_ = std::make_shared<IncomingFrames>();
};

// Beast finds these by the type of their argument.

template <class Next>
void teardown(boost::beast::role_type role, FramewiseStream<Next>& stream, boost::system::error_code& code)
{
    using boost::beast::websocket::teardown;
    teardown(role, stream.next_layer(), code);
}

template <class Next, class Handler>
void async_teardown(boost::beast::role_type role, FramewiseStream<Next>& stream, Handler&& handler)
{
    using boost::beast::websocket::async_teardown;
    async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
}

} // namespace arbalest::detail
