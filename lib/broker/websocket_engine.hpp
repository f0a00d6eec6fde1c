#pragma once

#include "../protocol/utf8.hpp"
#include "../transport/connected_stream_teardown.hpp"
#include "sockjs.hpp"
#include "stream_engine.hpp"
#include "websocket_handshake.hpp"
#include "websocket_tls.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/error_code.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace arbalest::broker {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;

/// The server's part of a WebSocket. There is no time limit here; the connection has one.
class WebSocketEngine final : public StreamEngine
{
public:
    /// @param connection its executor is a strand. @param tls what the connection has of TLS; null for none.
    WebSocketEngine(std::shared_ptr<WebSocketSettings const> settings, detail::ConnectedStream connection,
                    WebSocketTls* tls)
        : settings_(std::move(settings)), stream_(std::move(connection)), tls_(tls)
    {
    }

    void open(User user) override
    {
        user_ = user;
        if (!tls_)
            return read_request(std::move(user));
        tls_->handshake([self = self(), user = std::move(user)](error_code error) mutable {
            if (error)
                self->opened(error, std::move(user));
            else
                self->read_request(std::move(user));
        });
    }

    void write_some(std::string_view bytes, User user) override
    {
        auto const frames = settings_->config.frames;
        auto message = bytes;
        if (sockjs_) {
            out_ = sockjs_message(bytes);
            message = out_;
        }
        stream_.text(sockjs_ || frames == WebSocketFrames::text ||
                     (frames == WebSocketFrames::automatic && detail::is_utf8(bytes)));
        write(message, [user = std::move(user), size = bytes.size()](error_code error) {
            user->on_written(error, error ? 0 : size);
        });
    }

private:
    using Request = http::request<http::empty_body>;

    std::shared_ptr<WebSocketEngine> self() { return std::static_pointer_cast<WebSocketEngine>(shared_from_this()); }
    detail::ConnectedStream& layer() noexcept { return stream_.next_layer(); }
    asio::ip::tcp::socket& socket() noexcept override { return beast::get_lowest_layer(stream_); }

    void read_request(User user)
    {
        parser_.emplace();
        parser_->header_limit(16U << 10);
        http::async_read(layer(), buffer_, *parser_,
                         [self = self(), user = std::move(user)](error_code error, std::size_t) mutable {
                             self->read_request(error, std::move(user));
                         });
    }

    void read_request(error_code error, User user)
    {
        bool const is_http = error.category() == make_error_code(http::error::end_of_stream).category();
        if (is_http && error != http::error::end_of_stream && error != http::error::partial_message)
            return refuse(WebSocketAnswer(400), error, std::move(user));
        if (error)
            return opened(error, std::move(user));
        auto const request = parser_->release();
        parser_.reset();
        if (buffer_.size() != 0) // it must wait for the answer (RFC 6455, section 4.1)
            return refuse(WebSocketAnswer(400), make_error_code(websocket::error::upgrade_declined), std::move(user));
        WebSocketHandshake handshake;
        handshake.target = std::string(request.target());
        for (auto const& field : request)
            handshake.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
        auto answer = answer_handshake(*settings_, handshake, websocket::is_upgrade(request));
        if (answer.status != 101)
            return refuse(std::move(answer), make_error_code(websocket::error::upgrade_declined), std::move(user));
        sockjs_ = handshake.sockjs;
        accept(request, handshake.subprotocol, std::move(answer), std::move(user));
    }

    void accept(Request const& request, std::string subprotocol, WebSocketAnswer answer, User user)
    {
        configure();
        stream_.set_option(websocket::stream_base::decorator(
            [subprotocol = std::move(subprotocol), answer = std::move(answer)](websocket::response_type& response) {
                if (!subprotocol.empty())
                    response.set(http::field::sec_websocket_protocol, subprotocol);
                set_headers(response, answer);
            }));
        stream_.async_accept(request, [self = self(), user = std::move(user)](error_code error) mutable {
            if (error || !self->sockjs_)
                return self->opened(error, std::move(user));
            self->write(sockjs_open, [self, user](error_code error) { self->opened(error, user); });
        });
    }

    void configure()
    {
        auto const& config = settings_->config;
        // Beast waits for the end of TCP without a limit.
        stream_.control_callback([weak = weak_from_this()](websocket::frame_type type, beast::string_view) {
            auto const engine = weak.lock();
            if (engine && type == websocket::frame_type::close)
                static_cast<WebSocketEngine&>(*engine).tell_closing();
        });
        layer().on_teardown([weak = weak_from_this()] {
            if (auto const engine = weak.lock())
                static_cast<WebSocketEngine&>(*engine).tell_closing();
        });
        if (!sockjs_)
            stream_.read_message_max(0); // what a frame may be is up to the decoder
        stream_.auto_fragment(config.fragment_size != 0);
        if (config.fragment_size != 0)
            stream_.write_buffer_bytes(std::max<std::size_t>(config.fragment_size, 8));
        websocket::permessage_deflate deflate;
        deflate.server_enable = config.permessage_deflate;
        stream_.set_option(deflate);
    }

    void refuse(WebSocketAnswer answer, error_code error, User user)
    {
        auto const response = std::make_shared<http::response<http::string_body>>();
        response->version(11);
        response->result(answer.status);
        response->keep_alive(false);
        response->body() = std::move(answer.body);
        response->prepare_payload();
        set_headers(*response, answer);
        http::async_write(layer(), *response,
                          [self = self(), response, error, user = std::move(user)](error_code, std::size_t) mutable {
                              self->say_goodbye(error, std::move(user));
                          });
    }

    void say_goodbye(error_code error, User user)
    {
        if (!tls_)
            return opened(error, std::move(user));
        tls_->say_goodbye([self = self(), error, user = std::move(user)](error_code) mutable {
            self->opened(error, std::move(user));
        });
    }

    template <class Response>
    static void set_headers(Response& response, WebSocketAnswer const& answer)
    {
        for (auto const& [name, value] : answer.headers)
            response.set(name, value);
    }

    void tell_closing()
    {
        if (auto const user = user_.lock())
            user->on_closing();
    }

    void read_open(std::span<char> into, User user) override
    {
        if (sockjs_)
            return read_sockjs_message(into, std::move(user));
        stream_.async_read_some(
            asio::buffer(into.data(), into.size()),
            [self = self(), into, user = std::move(user)](error_code error, std::size_t size) mutable {
                if (!error && size == 0) // the end of a message, or an empty one
                    return self->read_open(into, std::move(user));
                user->on_read(error == websocket::error::closed ? asio::error::eof : error, size);
            });
    }

    // The message must be whole to be read, and may be more than is asked for.
    void read_sockjs_message(std::span<char> into, User user)
    {
        if (auto const left = std::string_view(in_).substr(in_taken_); !left.empty()) {
            auto const size = left.copy(into.data(), into.size());
            in_taken_ += size;
            return user->on_read(error_code(), size);
        }
        buffer_.clear();
        stream_.async_read(buffer_, [self = self(), into, user = std::move(user)](error_code error,
                                                                                  std::size_t size) mutable {
            if (error)
                return user->on_read(error == websocket::error::closed ? asio::error::eof : error, 0);
            auto said = read_sockjs({static_cast<char const*>(self->buffer_.data().data()), size});
            if (!said)
                return self->close_with({websocket::close_code::bad_payload, "Broken JSON encoding"}, std::move(user));
            self->in_ = std::move(*said);
            self->in_taken_ = 0;
            self->read_sockjs_message(into, std::move(user));
        });
    }

    template <class Done>
    void write(std::string_view message, Done done)
    {
        writing_ = true;
        stream_.async_write(asio::buffer(message.data(), message.size()),
                            [self = self(), done = std::move(done)](error_code error, std::size_t) {
                                self->writing_ = false;
                                if (self->shut_down_)
                                    self->end();
                                done(error);
                            });
    }

    // Meanwhile reading goes on until the peer has said the same.
    void shut_down_open() override
    {
        shut_down_ = true;
        if (!writing_)
            end();
    }

    void end()
    {
        if (sockjs_ && !std::exchange(said_end_, true))
            return write(sockjs_close, [](error_code) {});
        close_with(websocket::close_code::normal, nullptr);
    }

    // Tells the user, if there is one, that the reason was a bad message.
    void close_with(websocket::close_reason const& reason, User user)
    {
        auto const tell = [user] {
            if (user)
                user->on_read(make_error_code(websocket::error::bad_frame_payload), 0);
        };
        if (std::exchange(closing_, true))
            return tell();
        if (user)
            user->on_closing();
        stream_.async_close(reason, [self = self(), tell](error_code) { tell(); });
    }

    std::shared_ptr<WebSocketSettings const> settings_;
    websocket::stream<detail::ConnectedStream> stream_;
    WebSocketTls* tls_; // a part of the stream
    std::weak_ptr<StreamUser> user_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::empty_body>> parser_;
    bool writing_ = false;
    bool shut_down_ = false;
    bool closing_ = false;

    // With SockJS inside of the WebSocket:
    bool sockjs_ = false;
    bool said_end_ = false;
    std::string out_; // being written
    std::string in_;  // read
    std::size_t in_taken_ = 0;
};

} // namespace arbalest::broker
