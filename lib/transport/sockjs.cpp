#include "sockjs.hpp"

#include <arbalest/transport/error.hpp>
#include <arbalest/transport/impl/websocket_tools.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/json/value.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <random>
#include <utility>
#include <vector>

namespace arbalest::detail {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::size_t read_size = std::size_t{16} << 10;

// "Go away!": what a server says that closes in order.
constexpr std::uint16_t go_away = 3000;

[[noreturn]] void fail(transport_errc code)
{
    throw boost::system::system_error(make_error_code(code));
}

/// Takes SockJS's frames apart, wherever the bytes are cut. Each says itself where it ends.
class SockJsDecoder
{
public:
    /// Bytes from the peer. Throws when they are no SockJS frames, and when the peer closes.
    void take(std::string_view bytes)
    {
        while (!bytes.empty())
            bytes.remove_prefix(inside_ ? take_array(bytes) : take_type(bytes.front()));
    }

    /// What there is for STOMP. The caller takes it away.
    std::string ready;

private:
    std::size_t take_type(char type)
    {
        switch (type) {
        case 'h':
            ready += '\n';
            break;
        case 'a':
        case 'c':
            inside_ = type;
            parser_.reset();
            break;
        case 'o':
        case '\n':
            break;
        default:
            fail(transport_errc::bad_sockjs_frame);
        }
        return 1;
    }

    std::size_t take_array(std::string_view bytes)
    {
        boost::system::error_code code;
        auto const size = parser_.write_some(bytes.data(), bytes.size(), code);
        if (code)
            fail(transport_errc::bad_sockjs_frame);
        if (parser_.done()) {
            auto const type = std::exchange(inside_, '\0');
            auto const value = parser_.release();
            if (!value.is_array())
                fail(transport_errc::bad_sockjs_frame);
            if (type == 'a')
                take_messages(value.get_array());
            else
                take_close(value.get_array());
        }
        return size;
    }

    void take_messages(json::array const& messages)
    {
        for (auto const& message : messages) {
            if (!message.is_string())
                fail(transport_errc::bad_sockjs_frame);
            auto const& text = message.get_string();
            ready.append(text.data(), text.size());
        }
    }

    [[noreturn]] void take_close(json::array const& why)
    {
        if (why.empty() || !why[0].is_int64() || why[0].get_int64() < 0 || why[0].get_int64() > 65535)
            fail(transport_errc::bad_sockjs_frame);
        auto const code = static_cast<std::uint16_t>(why[0].get_int64());
        std::string_view reason;
        if (why.size() > 1 && why[1].is_string())
            reason = std::string_view(why[1].get_string().data(), why[1].get_string().size());
        throw_peer_closed(code == go_away ? std::uint16_t{0} : code, reason);
    }

    json::stream_parser parser_;
    char inside_ = '\0'; // the type of the frame whose array is being read
};

class SockJsTransport final : public Transport
{
public:
    SockJsTransport(std::unique_ptr<Transport> websocket, std::size_t split)
        : websocket_(std::move(websocket)), split_(split), input_(read_size)
    {
    }

    asio::any_io_executor get_executor() override { return websocket_->get_executor(); }

    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer) override
    {
        while (taken_ == decoder_.ready.size()) {
            decoder_.ready.clear();
            taken_ = 0;
            if (end_)
                std::rethrow_exception(end_);
            auto const size = co_await websocket_->read_some(asio::buffer(input_));
            try {
                decoder_.take(std::string_view(input_.data(), size));
            } catch (...) {
                end_ = std::current_exception(); // what came before it is still to be read
            }
        }
        auto const size = std::min(buffer.size(), decoder_.ready.size() - taken_);
        std::memcpy(buffer.data(), decoder_.ready.data() + taken_, size);
        taken_ += size;
        co_return size;
    }

    bool wants_frame_ends() const noexcept override { return true; }

    asio::awaitable<std::size_t> write_some(asio::const_buffer buffer, std::span<std::size_t const> frame_ends) override
    {
        std::string_view const bytes(static_cast<char const*>(buffer.data()), buffer.size());
        std::size_t const whole[] = {bytes.size()};
        auto const ends = frame_ends.empty() ? std::span<std::size_t const>(whole) : frame_ends;
        std::size_t done = 0;
        for (auto const end : ends) {
            try {
                co_await write_frame(bytes.substr(done, end - done));
            } catch (boost::system::system_error const&) {
                // The next call fails as well; what was written before stays written.
                if (done == 0)
                    throw;
                break;
            }
            done = end;
        }
        co_return done;
    }

    asio::awaitable<void> close(CloseReason reason) override { return websocket_->close(reason); }
    bool may_close_while_busy() const noexcept override { return true; }
    void abort() noexcept override { websocket_->abort(); }
    std::string remote_endpoint() const override { return websocket_->remote_endpoint(); }

private:
    asio::awaitable<void> write_frame(std::string_view frame)
    {
        if (!is_utf8(frame))
            fail(transport_errc::not_utf8);
        while (!frame.empty()) {
            auto size = next_part(frame, split_, false);
            auto text = as_message(frame.substr(0, size));
            // What has to be escaped takes more room than it seems.
            while (split_ != 0 && text.size() > split_ && size > 2 * longest_character) {
                size = next_part(frame, size / 2, false);
                text = as_message(frame.substr(0, size));
            }
            // One message, which is written whole.
            std::size_t const end = text.size();
            std::span<std::size_t const> const ends(&end, 1);
            co_await websocket_->write_some(asio::buffer(text), ends);
            frame.remove_prefix(size);
        }
    }

    static std::string as_message(std::string_view text)
    {
        json::array messages;
        messages.emplace_back(json::string_view(text.data(), text.size()));
        return json::serialize(messages);
    }

    static constexpr std::size_t longest_character = 4;

    std::unique_ptr<Transport> websocket_;
    std::size_t split_;
    std::vector<char> input_;
    SockJsDecoder decoder_;
    std::size_t taken_ = 0; // of what is ready
    std::exception_ptr end_;
};

} // namespace

std::string sockjs_target(std::string_view endpoint)
{
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    constexpr int session_letters = 12;
    std::random_device random;
    auto const below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    auto const query = std::min(endpoint.find('?'), endpoint.size());
    std::string target(endpoint.substr(0, query));
    while (target.ends_with('/'))
        target.pop_back();
    auto const server = std::to_string(below(1000));
    target += '/' + std::string(3 - server.size(), '0') + server + '/';
    for (int i = 0; i < session_letters; ++i)
        target += letters[below(letters.size())];
    target += "/websocket";
    target += endpoint.substr(query);
    return target;
}

std::unique_ptr<Transport> make_sockjs_transport(std::unique_ptr<Transport> websocket, std::size_t split)
{
    return std::make_unique<SockJsTransport>(std::move(websocket), split);
}

} // namespace arbalest::detail
