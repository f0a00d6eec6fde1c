#include "frames.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace bench {

using namespace std::string_view_literals;

Frames::Frames(std::size_t body_size) : head_("SEND\ndestination:/queue/bench\n"), body_(body_size, 'x')
{
    std::string const length = "content-length:" + std::to_string(body_size) + "\n\n";
    plain_ = head_ + length + body_ + '\0';
    body_ = length + body_ + '\0';
}

std::string Frames::connect()
{
    return std::string("CONNECT\naccept-version:1.2\nhost:/\nheart-beat:0,0\n\n\0"sv);
}

std::string Frames::subscribe(std::size_t position, std::size_t subscriptions, std::size_t count, std::size_t size)
{
    return "SUBSCRIBE\nid:sub-" + std::to_string(position) + "\ndestination:/push/" + std::to_string(subscriptions) +
           "/" + std::to_string(count) + "/" + std::to_string(size) + "\nack:auto\n\n" + '\0';
}

void Frames::append_confirmed(std::string& out, std::size_t number) const
{
    std::array<char, 20> digits;
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(head_).append("receipt:r-"sv).append(digits.data(), end).append("\n"sv).append(body_);
}

std::span<char> Incoming::room()
{
    if (begin_ != 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == buffer_.size())
        buffer_.resize(2 * buffer_.size());
    return std::span(buffer_).subspan(end_);
}

bool Incoming::take_frame()
{
    while (begin_ < end_ && buffer_[begin_] == '\n')
        ++begin_;
    std::string_view const bytes(buffer_.data() + begin_, end_ - begin_);
    constexpr auto length_name = "content-length:"sv;
    std::size_t body = 0;
    bool sized = false;
    std::size_t line = 0;
    for (;;) {
        auto const line_end = bytes.find('\n', line);
        if (line_end == bytes.npos)
            return false;
        if (line_end == line)
            break;
        auto const text = bytes.substr(line, line_end - line);
        if (text.starts_with(length_name)) {
            sized = true;
            std::from_chars(text.data() + length_name.size(), text.data() + text.size(), body);
        }
        line = line_end + 1;
    }
    auto const head = line + 1;
    auto const nul = sized ? head + body : bytes.find('\0', head);
    if (nul >= bytes.size())
        return false;
    if (bytes[nul] != '\0')
        throw std::runtime_error("the sink's frames are broken");
    begin_ += nul + 1;
    return true;
}

} // namespace bench
