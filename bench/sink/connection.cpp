#include "connection.hpp"

#include <cstring>

namespace bench {

namespace {

// So much is pushed before the other connections have their turn.
constexpr std::size_t turn = std::size_t{1} << 20;
// A connection keeps buffers only up to this size while it has no use for them.
constexpr std::size_t kept = 4096;

void forget(std::string& buffer, std::size_t taken)
{
    buffer.erase(0, taken);
    if (buffer.empty() && buffer.capacity() > kept)
        buffer = std::string();
}

} // namespace

Connection::Connection(int descriptor, ssl_ctx_st* tls, bool websocket, unsigned heart_beat, std::vector<char>& scratch)
    : channel_(descriptor, tls), conversation_(websocket, heart_beat), scratch_(scratch)
{
    if (websocket)
        websocket_.emplace();
}

bool Connection::on_readable()
{
    do {
        // What was left over goes in front of what comes.
        if (scratch_.size() < 2 * raw_.size())
            scratch_.resize(2 * raw_.size());
        auto const before = raw_.size();
        auto const read = channel_.read(scratch_.data() + before, scratch_.size() - before);
        if (read.status == Channel::Status::would_block)
            break;
        if (read.status == Channel::Status::closed)
            return false;
        std::memcpy(scratch_.data(), raw_.data(), before);
        receive({scratch_.data(), before + read.size});
    } while (channel_.has_pending());
    return on_writable();
}

void Connection::receive(std::string_view bytes)
{
    std::size_t taken = 0;
    if (websocket_) {
        taken = websocket_->receive(bytes, payload_, out_);
        forget(payload_, conversation_.receive(payload_, out_));
    } else {
        taken = conversation_.receive(bytes, out_);
    }
    raw_.assign(bytes.substr(taken));
    if (raw_.empty() && raw_.capacity() > kept)
        raw_ = std::string();
}

bool Connection::on_writable()
{
    std::size_t in_turn = 0;
    for (;;) {
        if (written_ == out_.size()) {
            out_.clear();
            written_ = 0;
            if (!conversation_.pushing() || in_turn > turn)
                break;
            conversation_.push(out_);
        }
        auto const sent = channel_.write(std::string_view(out_).substr(written_));
        if (sent.status == Channel::Status::closed)
            return false;
        if (sent.status == Channel::Status::would_block)
            return true;
        written_ += sent.size;
        in_turn += sent.size;
    }
    if (!conversation_.pushing() && out_.capacity() > kept && out_.empty() && in_turn > turn)
        out_ = std::string();
    return !websocket_ || !websocket_->closed();
}

bool Connection::beat()
{
    if (conversation_.beats())
        conversation_.beat(out_);
    return on_writable();
}

} // namespace bench
