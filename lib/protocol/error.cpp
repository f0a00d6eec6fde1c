#include "peer_text.hpp"
#include <arbalest/protocol/error.hpp>

#include <ostream>
#include <utility>

namespace arbalest {

namespace {

class Category final : public boost::system::error_category
{
public:
    char const* name() const noexcept override { return "arbalest"; }
    std::string message(int code) const override
    {
        switch (static_cast<errc>(code)) {
        case errc::connect_failed:
            return "could not connect";
        case errc::lost_receipt:
            return "no receipt within the time limit";
        case errc::missing_heart_beat:
            return "the peer fell silent beyond its promised heart-beat";
        case errc::error_frame_received:
            return "the broker sent an ERROR frame";
        case errc::malformed_frame:
            return "the peer sent malformed bytes";
        case errc::connection_lost:
            return "the connection was lost";
        case errc::slow_consumer:
            return "the subscription's consumer is too slow";
        case errc::stale_message:
            return "the message's subscription or connection is gone";
        case errc::operation_in_progress:
            return "another operation of this kind is in progress";
        case errc::session_closed:
            return "the session is closed";
        case errc::timeout:
            return "timed out";
        case errc::invalid_frame:
            return "the frame cannot be encoded";
        case errc::invalid_config:
            return "a setting has a value that it cannot have";
        }
        return "unknown error";
    }
};

std::string quoted_error(Frame const& frame)
{
    auto text = detail::peer_text(frame.header("message").value_or("ERROR without a message header"));
    auto body = frame.body();
    while (body.ends_with('\n') || body.ends_with('\r'))
        body.remove_suffix(1);
    if (!body.empty())
        text += ": " + detail::peer_text(body);
    return text;
}

} // namespace

boost::system::error_category const& error_category() noexcept
{
    static Category const category;
    return category;
}

boost::system::error_code make_error_code(errc code) noexcept
{
    return {static_cast<int>(code), error_category()};
}

std::string_view to_string(Outcome outcome) noexcept
{
    switch (outcome) {
    case Outcome::not_sent:
        return "not_sent";
    case Outcome::refused:
        return "refused";
    case Outcome::unknown:
        break;
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& out, Outcome outcome)
{
    return out << to_string(outcome);
}

StompError::StompError(errc code, std::string const& what, Outcome outcome)
    : boost::system::system_error(make_error_code(code)), text_(what), outcome_(outcome)
{
}

char const* StompError::what() const noexcept
{
    return text_.what();
}

InvalidFrame::InvalidFrame(std::string const& reason, std::string header)
    : StompErrorOf(errc::invalid_frame, header.empty() ? reason : "header '" + header + "': " + reason,
                   Outcome::not_sent),
      header_(std::move(header))
{
}

MalformedFrame::MalformedFrame(std::string reason, std::uint64_t offset)
    : StompErrorOf(errc::malformed_frame, reason + " at offset " + std::to_string(offset), Outcome::unknown),
      reason_(std::move(reason)), offset_(offset)
{
}

MissingHeartBeat::MissingHeartBeat(std::chrono::milliseconds period)
    : StompErrorOf(errc::missing_heart_beat,
                   "nothing came for longer than the negotiated " + std::to_string(period.count()) + " ms",
                   Outcome::unknown),
      period_(period)
{
}

ErrorFrameReceived::ErrorFrameReceived(Frame frame, Outcome outcome)
    : StompErrorOf(errc::error_frame_received, quoted_error(frame), outcome),
      frame_(std::make_shared<Frame const>(std::move(frame)))
{
}

std::string_view ErrorFrameReceived::message() const noexcept
{
    return frame_->header("message").value_or("");
}

} // namespace arbalest
