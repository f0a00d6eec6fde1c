#pragma once

#include "byte_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace arbalest::broker {

/// What drives a connection that shakes hands. Its operations consist of several steps each, so all of them and all
/// calls run in one strand: the executor of its socket. What is under way keeps the engine alive.
class StreamEngine : public std::enable_shared_from_this<StreamEngine>
{
public:
    using User = std::shared_ptr<StreamUser>;

    StreamEngine() = default;
    virtual ~StreamEngine() = default;
    StreamEngine(StreamEngine const&) = delete;
    StreamEngine& operator=(StreamEngine const&) = delete;

    // As in ByteStream. Before the handshake, reading only waits for the peer's end.
    virtual void open(User user) = 0;
    void read_some(std::span<char> into, User user);
    virtual void write_some(std::string_view bytes, User user) = 0;
    void shut_down();
    void close() noexcept;
    void reset() noexcept;

protected:
    virtual boost::asio::ip::tcp::socket& socket() noexcept = 0;
    virtual void read_open(std::span<char> into, User user) = 0;
    virtual void shut_down_open() = 0;

    /// The handshake is over. When it failed, what was said last reaches the peer before the user hears of it.
    void opened(boost::system::error_code error, User user);
    /// The peer reads the end of the TCP connection.
    void end_output() noexcept;
    /// Reads and throws away, below the protocol, until the peer has closed its side: closing the socket with bytes
    /// unread would reset the connection, and the peer might lose what it was told.
    void drain(std::function<void(boost::system::error_code)> done);

private:
    void drain_on(std::function<void(boost::system::error_code)> done);

    bool is_open_ = false;
    std::array<char, 2048> waste_{};
};

/// The ByteStream in front of an engine: brings every call into the strand.
class StrandedStream final : public ByteStream
{
public:
    StrandedStream(boost::asio::any_io_executor strand, std::shared_ptr<StreamEngine> engine, bool keeps_boundaries);

    bool open(std::shared_ptr<StreamUser> user) override;
    bool keeps_boundaries() const noexcept override { return keeps_boundaries_; }
    void read_some(std::span<char> into, std::shared_ptr<StreamUser> user) override;
    void write_some(std::string_view bytes, std::shared_ptr<StreamUser> user) override;
    void shut_down() noexcept override;
    void close() noexcept override;
    void reset() noexcept override;

private:
    template <class Call>
    void post(Call call);

    boost::asio::any_io_executor strand_;
    std::shared_ptr<StreamEngine> engine_;
    bool keeps_boundaries_;
};

} // namespace arbalest::broker
