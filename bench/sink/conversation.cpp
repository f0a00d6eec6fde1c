#include "conversation.hpp"

#include "../support/time_stamp.hpp"
#include "websocket.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace bench {

using namespace std::string_view_literals;

namespace {

constexpr std::size_t batch_size = std::size_t{256} << 10;
constexpr std::string_view push_prefix = "/push/";

std::size_t parse_number(std::string_view text)
{
    std::size_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        throw std::runtime_error("'" + std::string(text) + "' is no number");
    return value;
}

void write_stamp(char* place, std::uint64_t number)
{
    for (auto i = stamp_width; i-- > 0; number /= 10)
        place[i] = static_cast<char>('0' + number % 10);
}

/// If the line is that header, its value goes to the place given.
void take(std::string_view line, std::string_view name, std::string_view& value)
{
    if (line.starts_with(name))
        value = line.substr(name.size());
}

} // namespace

/// The headers that mean something here.
struct Conversation::Head
{
    std::string_view command;
    std::string_view receipt;
    std::string_view id;
    std::string_view destination;
    std::string_view accept_version;
    std::string_view heart_beat;
    std::string_view content_length;
};

std::size_t Conversation::receive(std::string_view bytes, std::string& answers)
{
    std::size_t taken = 0;
    for (;;) {
        while (taken < bytes.size() && (bytes[taken] == '\n' || bytes[taken] == '\r'))
            ++taken;
        auto const size = read_frame(bytes.substr(taken), answers);
        if (size == 0)
            return taken;
        taken += size;
    }
}

// Returns the size of the frame at the front; 0 when it is not whole yet.
std::size_t Conversation::read_frame(std::string_view bytes, std::string& answers)
{
    Head head;
    std::size_t at = 0;
    for (;;) {
        auto const line_end = bytes.find('\n', at);
        if (line_end == bytes.npos)
            return 0;
        auto line = bytes.substr(at, line_end - at);
        at = line_end + 1;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (head.command.empty()) {
            head.command = line;
            continue;
        }
        if (line.empty())
            break;
        switch (line.front()) {
        case 'r':
            take(line, "receipt:", head.receipt);
            break;
        case 'c':
            take(line, "content-length:", head.content_length);
            break;
        case 'i':
            take(line, "id:", head.id);
            break;
        case 'd':
            take(line, "destination:", head.destination);
            break;
        case 'a':
            take(line, "accept-version:", head.accept_version);
            break;
        case 'h':
            take(line, "heart-beat:", head.heart_beat);
            break;
        default:
            break;
        }
    }
    auto end = at;
    if (head.content_length.empty()) {
        end = bytes.find('\0', at);
        if (end == bytes.npos)
            return 0;
    } else {
        auto const size = parse_number(head.content_length);
        if (size >= bytes.size() - at)
            return 0;
        end = at + size;
        if (bytes[end] != '\0')
            throw std::runtime_error("a frame that is longer than its content-length");
    }
    handle(head, answers);
    return end + 1;
}

void Conversation::handle(Head const& head, std::string& answers)
{
    if (head.command == "CONNECT"sv || head.command == "STOMP"sv)
        connected(head, answers);
    else if (head.command == "SUBSCRIBE"sv)
        subscribed(head);
    if (head.receipt.empty())
        return;
    constexpr auto before = "RECEIPT\nreceipt-id:"sv;
    constexpr auto behind = "\n\n\0"sv;
    auto const size = before.size() + head.receipt.size() + behind.size();
    if (websocket_)
        WebSocket::append_head(answers, size);
    answers.append(before).append(head.receipt).append(behind);
    if (!websocket_)
        answers += '\n';
}

void Conversation::connected(Head const& head, std::string& answers)
{
    std::string frame = "CONNECTED\n";
    for (auto const version : {"1.2"sv, "1.1"sv, "1.0"sv}) {
        if (head.accept_version.find(version) != head.accept_version.npos) {
            frame.append("version:").append(version).append("\n");
            break;
        }
    }
    beats_ = heart_beat_ != 0 && !head.heart_beat.empty() && !head.heart_beat.ends_with(",0");
    auto const period = std::to_string(beats_ ? heart_beat_ : 0);
    frame.append("server:sink\nheart-beat:").append(period).append(",").append(period).append("\n\n").push_back('\0');
    emit(frame, answers);
}

void Conversation::subscribed(Head const& head)
{
    if (!head.destination.starts_with(push_prefix))
        return;
    if (head.destination != push_destination_) {
        push_destination_ = head.destination;
        push_ids_.clear();
    }
    push_ids_.emplace_back(head.id.empty() ? "0"sv : head.id);
    auto const order = head.destination.substr(push_prefix.size());
    auto const first = order.find('/');
    auto const second = order.find('/', first + 1);
    if (first == order.npos || second == order.npos)
        throw std::runtime_error("a subscription to '" + push_destination_ + "', which says not what to push");
    if (push_ids_.size() != parse_number(order.substr(0, first)))
        return;
    push_size_ = parse_number(order.substr(second + 1));
    make_batch();
    left_ = parse_number(order.substr(first + 1, second - first - 1));
}

// The messages of a batch differ only in their ids, so they are made once. Each subscription has its turn.
void Conversation::make_batch()
{
    batch_.clear();
    templates_.clear();
    do {
        for (auto const& id : push_ids_) {
            std::string frame = "MESSAGE\nsubscription:" + id + "\nmessage-id:";
            auto const id_place = frame.size();
            frame.append(stamp_width, '0');
            frame.append("\ndestination:").append(push_destination_).append("\ncontent-type:text/plain");
            frame.append("\ncontent-length:").append(std::to_string(push_size_)).append("\n\n");
            for (std::size_t i = 0; i < push_size_; ++i)
                frame += static_cast<char>('a' + i % 26);
            frame += '\0';
            auto const offset = batch_.size();
            emit(frame, batch_);
            auto const framing = websocket_ ? batch_.size() - offset - frame.size() : 0;
            templates_.push_back({offset, batch_.size() - offset, offset + framing + id_place});
        }
    } while (batch_.size() < batch_size);
}

void Conversation::push(std::string& out)
{
    auto const count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, templates_.size()));
    // Looking at the clock once is enough: the messages of a batch are given away together. What is added makes their
    // ids differ; it is less than the time that it takes to write so many.
    auto const now = time_stamp();
    for (std::size_t i = 0; i < count; ++i)
        write_stamp(batch_.data() + templates_[i].id, now + i);
    out.append(batch_.data(), templates_[count - 1].offset + templates_[count - 1].size);
    left_ -= count;
}

void Conversation::emit(std::string_view frame, std::string& out) const
{
    if (websocket_)
        WebSocket::append_head(out, frame.size());
    out.append(frame);
    if (!websocket_ && frame != "\n"sv)
        out += '\n';
}

} // namespace bench
