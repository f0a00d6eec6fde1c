#include "delivery.hpp"

#include "protocol/escape.hpp"
#include <arbalest/protocol/frame_decoder.hpp>

#include <array>
#include <charconv>

namespace arbalest::broker {

namespace {

using namespace std::string_view_literals;

// Those that only concern the sender, and those that MESSAGE has of its own: the first of a repeated header wins, so a
// sender's would do no harm, but they would grow in number each time a message is forwarded.
bool is_passed_on(std::string_view name) noexcept
{
    switch (name.size()) {
    case 3:
        return name != "ack"sv;
    case 7:
        return name != "receipt"sv;
    case 10:
        return name != "message-id"sv;
    case 11:
        return name != "destination"sv && name != "transaction"sv && name != "redelivered"sv;
    case 12:
        return name != "subscription"sv;
    case 14:
        return name != "content-length"sv;
    default:
        return true;
    }
}

bool can_be_said_in_1_0(Header const& header) noexcept
{
    return header.name.find_first_of(":\n") == header.name.npos && header.value.find('\n') == header.value.npos &&
           !header.value.empty();
}

void append(std::string& out, std::string_view text, StompVersion version)
{
    if (version != StompVersion::v1_0 && detail::needs_escape(text, version))
        detail::append_escaped(out, text, version);
    else
        out += text;
}

void append_header(std::string& out, Header const& header, StompVersion version)
{
    if (version == StompVersion::v1_0 && !can_be_said_in_1_0(header))
        return;
    append(out, header.name, version);
    out += ':';
    append(out, header.value, version);
    out += '\n';
}

} // namespace

void append_message(std::string& out, Delivery const& delivery, StompVersion version)
{
    auto const body = delivery.frame->body();
    out += "MESSAGE\n"sv;
    if (delivery.subscription)
        append_header(out, {"subscription"sv, *delivery.subscription}, version);
    append_header(out, {"message-id"sv, delivery.message_id}, version);
    append_header(out, {"destination"sv, delivery.destination}, version);
    if (!delivery.ack.empty())
        append_header(out, {"ack"sv, delivery.ack}, version);
    if (delivery.redelivered)
        out += "redelivered:true\n"sv;
    bool sized = !body.empty();
    for (auto const header : delivery.frame->headers()) {
        if (is_passed_on(header.name))
            append_header(out, header, version);
        else if (header.name == "content-length"sv)
            sized = true;
    }
    if (sized) {
        std::array<char, 20> digits;
        auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), body.size()).ptr;
        out += "content-length:"sv;
        out.append(digits.data(), end);
        out += '\n';
    }
    out += '\n';
    out += body;
    out += '\0';
}

void append_receipt(std::string& out, std::string_view id, StompVersion version)
{
    out += "RECEIPT\n"sv;
    append_header(out, {"receipt-id"sv, id}, version);
    out += '\n';
    out += '\0';
}

Frame to_frame(Delivery const& delivery, StompVersion version)
{
    std::string bytes;
    append_message(bytes, delivery, version);
    FrameDecoder decoder;
    decoder.set_version(version);
    decoder.feed(bytes);
    return decoder.next().value();
}

} // namespace arbalest::broker
