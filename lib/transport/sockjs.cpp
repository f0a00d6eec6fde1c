#include "sockjs.hpp"

#include "../protocol/utf8.hpp"
#include "sockjs_decoder.hpp"
#include <arbalest/transport/error.hpp>
#include <arbalest/transport/impl/websocket_tools.hpp>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstddef>
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

[[noreturn]] void fail(transport_errc code)
{
    throw boost::system::system_error(make_error_code(code));
}

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
