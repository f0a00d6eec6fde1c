#pragma once

#include "http_head.hpp"
#include "incoming_frames.hpp"
#include <arbalest/transport/error.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/async_base.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace arbalest::detail {

/// The layer between a Beast WebSocket stream and what it reads from. Of the answer to the handshake, Beast sees the
/// head only, and only if that switches protocols: any other ends the read with an error, and stands in answer(). Then
/// it reads large pieces, where Beast by itself would read 1.5 KiB at a time, and gives Beast no more than one frame;
/// so whoever reads the stream can take the messages that follow from incoming(), without Beast.
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
    IncomingFrames& incoming() noexcept { return incoming_->frames; }
    HttpHead const& answer() const noexcept { return incoming_->answer; }

    /// The teardown waits for the end of TCP. Without that, it ends at once: the WebSocket fails.
    void await_tcp_end() noexcept { awaits_tcp_end_ = true; }
    bool awaits_tcp_end() const noexcept { return awaits_tcp_end_; }

    /// Called when Beast has been given bytes, and does not ask for more before it returns.
    void on_pause(std::function<void()> hook) { incoming_->on_pause = std::move(hook); }
    /// Whether Beast waits for bytes, and how often it has asked for them.
    bool is_awaited() const noexcept { return incoming_->is_awaited; }
    std::uint64_t reads() const noexcept { return incoming_->reads; }

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
    // Shared with a read, which may end after the stream.
    class Incoming
    {
    public:
        /// Looks at what was read, as far as it belongs to the answer.
        void take_answer() { frames.skip(answer.take(frames.unread())); }
        /// Why the answer is none that Beast gets to see.
        boost::system::error_code refusal() const
        {
            constexpr unsigned switching_protocols = 101;
            if (answer.state() == HttpHead::State::not_http)
                return transport_errc::not_http;
            if (answer.status() != switching_protocols || answer.state() == HttpHead::State::too_long)
                return transport_errc::http_refused;
            return {};
        }
        bool awaits_answer() const noexcept { return !is_answered && answer.state() == HttpHead::State::incomplete; }
        std::string_view for_stream() noexcept
        {
            if (is_answered)
                return frames.for_stream();
            return awaits_answer() ? std::string_view() : answer.text().substr(given);
        }
        void consume(std::size_t size) noexcept
        {
            if (is_answered) {
                frames.consume(size);
                return;
            }
            given += size;
            is_answered = given != 0 && given == answer.text().size();
            if (is_answered)
                answer = HttpHead();
        }

        HttpHead answer;
        std::size_t given = 0;    // of the answer's head, to Beast
        bool is_answered = false; // Beast has all of it
        IncomingFrames frames;
        std::uint64_t reads = 0;
        bool is_awaited = false;
        std::function<void()> on_pause;
    };

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
            ++incoming.reads;
            incoming.is_awaited = true;
            if (auto const size = operation.copy(); size != 0) {
                operation.is_copied_ = true;
                boost::asio::post(stream.get_executor(), boost::beast::bind_front_handler(
                                                             std::move(operation), boost::system::error_code(), size));
                return;
            }
            // The inside of a large message goes directly to who reads it.
            operation.is_direct_ = incoming.frames.remaining() >= boost::asio::buffer_size(into);
            if (operation.is_direct_)
                stream.next_.async_read_some(into, std::move(operation));
            else
                read(std::move(operation));
        }

        void operator()(boost::system::error_code code, std::size_t size)
        {
            if (is_copied_) {
                finish(code, size);
                return;
            }
            if (is_direct_) {
                incoming_->frames.consumed(size);
                finish(code, size);
                return;
            }
            incoming_->frames.commit(size);
            if (incoming_->awaits_answer()) {
                incoming_->take_answer();
                if (!incoming_->awaits_answer())
                    code = incoming_->refusal();
                else if (!code) {
                    read(std::move(*this));
                    return;
                }
            }
            finish(code, code ? 0 : copy());
        }

    private:
        template <class Given>
        ReadOp(Given&& handler, FramewiseStream& stream, Buffers const& into)
            : Base(std::forward<Given>(handler), stream.get_executor()), incoming_(stream.incoming_),
              next_(&stream.next_), into_(into)
        {
        }

        static void read(ReadOp operation)
        {
            auto const room = operation.incoming_->frames.prepare();
            auto& next = *operation.next_;
            next.async_read_some(boost::asio::buffer(room.data(), room.size()), std::move(operation));
        }

        // The handler may destroy the stream.
        void finish(boost::system::error_code code, std::size_t size)
        {
            auto const incoming = std::move(incoming_);
            incoming->is_awaited = false;
            this->complete_now(code, size);
            if (!incoming->is_awaited && incoming->on_pause)
                incoming->on_pause();
        }

        std::size_t copy()
        {
            auto const size = boost::asio::buffer_copy(into_, boost::asio::buffer(incoming_->for_stream()));
            incoming_->consume(size);
            return size;
        }

        std::shared_ptr<Incoming> incoming_;
        Next* next_; // for the answer to the handshake, which is read as long as the stream is there
        Buffers into_;
        bool is_direct_ = false;
        bool is_copied_ = false;
    };

    Next next_;
    bool awaits_tcp_end_ = false;
    std::shared_ptr<Incoming> incoming_ = std::make_shared<Incoming>();
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
    if (!stream.awaits_tcp_end()) {
        boost::asio::post(stream.get_executor(), boost::beast::bind_front_handler(std::forward<Handler>(handler),
                                                                                  boost::system::error_code()));
        return;
    }
    using boost::beast::websocket::async_teardown;
    async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
}

} // namespace arbalest::detail
