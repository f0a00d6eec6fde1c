#pragma once

#include "byte_stream.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace arbalest::broker {

/// Plain TCP.
class TcpStream final : public ByteStream
{
public:
    explicit TcpStream(boost::asio::ip::tcp::socket socket) noexcept;

    bool open(std::shared_ptr<StreamUser> user) override;
    bool keeps_boundaries() const noexcept override { return false; }
    void read_some(std::span<char> into, std::shared_ptr<StreamUser> user) override;
    void write_some(std::string_view bytes, std::shared_ptr<StreamUser> user) override;
    void shut_down() noexcept override;
    void close() noexcept override;
    void reset() noexcept override;

private:
    boost::asio::ip::tcp::socket socket_;
};

} // namespace arbalest::broker
