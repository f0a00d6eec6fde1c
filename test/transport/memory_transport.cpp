#include "memory_transport.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace arbalest::test {

namespace asio = boost::asio;
using namespace std::string_literals;

std::string header_of(std::string_view frame, std::string_view name)
{
    auto const key = "\n" + std::string(name) + ":";
    auto const start = frame.find(key);
    if (start == frame.npos || start > frame.find("\n\n"))
        return {};
    auto const value = frame.substr(start + key.size());
    return std::string(value.substr(0, value.find('\n')));
}

std::string answer(std::string const& frame)
{
    if (frame.starts_with("CONNECT\n"))
        return "CONNECTED\nversion:1.2\n\n\0"s;
    auto const receipt = header_of(frame, "receipt");
    return receipt.empty() ? ""s : "RECEIPT\nreceipt-id:" + receipt + "\n\n\0"s;
}

void MemoryPeer::send(std::string_view bytes)
{
    unread_ += bytes;
    changed_.cancel();
}

void MemoryPeer::end(std::exception_ptr why)
{
    end_ = std::move(why);
    changed_.cancel();
}

void MemoryPeer::end(boost::system::error_code why)
{
    end(std::make_exception_ptr(boost::system::system_error(why)));
}

asio::awaitable<std::size_t> MemoryTransport::read_some(asio::mutable_buffer buffer)
{
    // The transport may be gone when the wait is over.
    auto const peer = peer_;
    while (peer->unread_.empty() && !peer->end_) {
        boost::system::error_code ignored;
        peer->changed_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await peer->changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if (peer->unread_.empty() || peer->aborted_)
        std::rethrow_exception(peer->end_);
    auto const size = std::min({buffer.size(), peer->unread_.size(), peer->piece});
    std::memcpy(buffer.data(), peer->unread_.data(), size);
    peer->unread_.erase(0, size);
    co_return size;
}

asio::awaitable<std::size_t> MemoryTransport::write_some(asio::const_buffer buffer,
                                                         std::span<std::size_t const> frame_ends)
{
    auto& peer = *peer_;
    if (peer.end_)
        std::rethrow_exception(peer.end_);
    peer.most_frame_ends = std::max(peer.most_frame_ends, frame_ends.size());
    auto const size = frame_ends.empty() ? std::min(buffer.size(), peer.piece) : frame_ends.front();
    std::string const bytes(static_cast<char const*>(buffer.data()), size);
    peer.writes.push_back(bytes);
    peer.unfinished_ += bytes;
    for (auto end = peer.unfinished_.find('\0'); end != std::string::npos; end = peer.unfinished_.find('\0')) {
        auto const start = std::min(peer.unfinished_.find_first_not_of('\n'), end);
        peer.frames.push_back(peer.unfinished_.substr(start, end - start));
        peer.unfinished_.erase(0, end + 1);
        peer.send(peer.on_frame(peer.frames.back()));
    }
    co_return size;
}

asio::awaitable<void> MemoryTransport::close(CloseReason reason)
{
    auto const peer = peer_;
    peer->log.push_back("close " + std::to_string(static_cast<int>(reason)));
    while (peer->close_hangs && !peer->aborted_) {
        boost::system::error_code ignored;
        peer->changed_.expires_at(std::chrono::steady_clock::time_point::max());
        co_await peer->changed_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

void MemoryTransport::abort() noexcept
{
    peer_->log.push_back("abort");
    peer_->aborted_ = true;
    peer_->end(asio::error::operation_aborted);
}

} // namespace arbalest::test
