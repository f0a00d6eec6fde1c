#pragma once

#include <arbalest/transport/transport.hpp>

#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <sstream>
#include <utility>

namespace arbalest {

/// A Transport over any Asio stream (AsyncReadStream and AsyncWriteStream) that is connected already: a TCP socket, a
/// Unix domain socket, a stream of one's own. The stream is movable, completes with `asio::error::eof` when its peer
/// has closed, and has a close() member which makes pending operations complete with an error; what that throws is
/// ignored.
template <class Stream>
class StreamTransport final : public Transport
{
public:
    /// @param stream connected; the transport owns it from here on.
    explicit StreamTransport(Stream stream) : stream_(std::move(stream)) {}

    boost::asio::any_io_executor get_executor() override { return stream_.get_executor(); }

    boost::asio::awaitable<std::size_t> read_some(boost::asio::mutable_buffer buffer) override
    {
        return stream_.async_read_some(buffer, boost::asio::use_awaitable);
    }

    boost::asio::awaitable<std::size_t> write_some(boost::asio::const_buffer buffer,
                                                   std::span<std::size_t const>) override
    {
        return stream_.async_write_some(buffer, boost::asio::use_awaitable);
    }

    boost::asio::awaitable<void> close(CloseReason) override
    {
        if constexpr (requires { stream_.shutdown(Stream::shutdown_both); }) {
            boost::system::error_code ignored;
            stream_.shutdown(Stream::shutdown_both, ignored);
        }
        co_return;
    }

    void abort() noexcept override
    {
        if constexpr (requires(boost::system::error_code code) { stream_.close(code); }) {
            boost::system::error_code ignored;
            stream_.close(ignored);
        } else {
            try {
                stream_.close();
            } catch (...) {
                // The stream is given up in any case.
            }
        }
    }

    std::string remote_endpoint() const override
    {
        if constexpr (requires(std::ostringstream out, boost::system::error_code code) {
                          out << stream_.remote_endpoint(code);
                      }) {
            boost::system::error_code code;
            auto const endpoint = stream_.remote_endpoint(code);
            std::ostringstream out;
            if (!code)
                out << endpoint;
            return out.str();
        }
        return {};
    }

    /// The stream, for its options.
    Stream& stream() noexcept { return stream_; }

private:
    Stream stream_;
};

} // namespace arbalest
