#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace arbalest::broker {

/// What stands in `message-id` and `ack` headers: which session, which of its subscriptions, which of its messages. The
/// two headers differ on purpose: a 1.2 client that acknowledges by message-id is wrong, and should notice.
class MessageId
{
public:
    static constexpr std::string_view message = "m-";
    static constexpr std::string_view ack = "a-";

    MessageId(std::uint64_t session, std::uint64_t subscription, std::uint64_t tag) noexcept
        : session(session), subscription(subscription), tag(tag)
    {
    }

    std::uint64_t session;
    std::uint64_t subscription;
    std::uint64_t tag;

    void append_to(std::string& out, std::string_view prefix) const
    {
        out += prefix;
        append_number(out, session);
        out += '-';
        append_number(out, subscription);
        out += '-';
        append_number(out, tag);
    }

    static std::optional<MessageId> parse(std::string_view text, std::string_view prefix) noexcept
    {
        if (!text.starts_with(prefix))
            return std::nullopt;
        text.remove_prefix(prefix.size());
        MessageId id(0, 0, 0);
        if (take_number(text, id.session) && take_dash(text) && take_number(text, id.subscription) && take_dash(text) &&
            take_number(text, id.tag) && text.empty())
            return id;
        return std::nullopt;
    }

private:
    static void append_number(std::string& out, std::uint64_t number)
    {
        std::array<char, 20> digits;
        out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
    }
    static bool take_number(std::string_view& text, std::uint64_t& number) noexcept
    {
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc())
            return false;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        return true;
    }
    static bool take_dash(std::string_view& text) noexcept
    {
        if (!text.starts_with('-'))
            return false;
        text.remove_prefix(1);
        return true;
    }
};

} // namespace arbalest::broker
