#include "sockjs_decoder.hpp"

#include <arbalest/transport/error.hpp>
#include <arbalest/transport/impl/websocket_tools.hpp>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace arbalest::detail {

namespace json = boost::json;
using boost::system::error_code;

namespace {

// "Go away!": what a server says that closes in order.
constexpr std::uint16_t go_away = 3000;

// As much as a WebSocket's Close could hold; the rest is left out.
constexpr std::size_t longest_close_reason = 123;

[[noreturn]] void fail_sockjs(transport_errc code)
{
    throw boost::system::system_error(make_error_code(code));
}

/// What a JSON parser finds in an array of SockJS: strings, before which a close frame has a number.
class ArrayHandler
{
public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

    void begin(std::string* messages)
    {
        messages_ = messages;
        depth_ = 0;
        has_code_ = false;
        code_ = 0;
        reason_.clear();
    }

    bool has_code() const noexcept { return has_code_; }
    std::uint16_t code() const noexcept { return code_; }
    std::string const& reason() const noexcept { return reason_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_array_begin(error_code& error) { return ++depth_ == 1 || refuse(error); }
    bool on_array_end(std::size_t, error_code&) { return true; }
    bool on_object_begin(error_code& error) { return refuse(error); }
    bool on_object_end(std::size_t, error_code& error) { return refuse(error); }
    bool on_key_part(json::string_view, std::size_t, error_code& error) { return refuse(error); }
    bool on_key(json::string_view, std::size_t, error_code& error) { return refuse(error); }
    bool on_string_part(json::string_view part, std::size_t, error_code& error) { return take_text(part, error); }
    bool on_string(json::string_view part, std::size_t, error_code& error) { return take_text(part, error); }
    bool on_number_part(json::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, error_code& error)
    {
        if (depth_ == 0 || messages_ || has_code_ || number < 0 || number > std::numeric_limits<std::uint16_t>::max())
            return refuse(error);
        has_code_ = true;
        code_ = static_cast<std::uint16_t>(number);
        return true;
    }
    bool on_uint64(std::uint64_t, json::string_view, error_code& error) { return refuse(error); }
    bool on_double(double, json::string_view, error_code& error) { return refuse(error); }
    bool on_bool(bool, error_code& error) { return refuse(error); }
    bool on_null(error_code& error) { return refuse(error); }
    bool on_comment_part(json::string_view, error_code& error) { return refuse(error); }
    bool on_comment(json::string_view, error_code& error) { return refuse(error); }

private:
    static bool refuse(error_code& error)
    {
        error = transport_errc::bad_sockjs_frame;
        return false;
    }

    bool take_text(json::string_view text, error_code& error)
    {
        if (depth_ == 0 || (!messages_ && !has_code_))
            return refuse(error);
        if (messages_)
            messages_->append(text.data(), text.size());
        else
            reason_.append(text.data(), std::min(text.size(), longest_close_reason - reason_.size()));
        return true;
    }

    std::string* messages_ = nullptr; // nullptr in a close frame
    int depth_ = 0;
    bool has_code_ = false;
    std::uint16_t code_ = 0;
    std::string reason_;
};

} // namespace

class SockJsDecoder::Array : public json::basic_parser<ArrayHandler>
{
public:
    Array() : basic_parser(json::parse_options()) {}
};

SockJsDecoder::SockJsDecoder() : array_(std::make_unique<Array>()) {}

SockJsDecoder::~SockJsDecoder() = default;

void SockJsDecoder::take(std::string_view bytes)
{
    while (!bytes.empty()) {
        if (inside_ == '\0') {
            take_type(bytes.front());
            bytes.remove_prefix(1);
            continue;
        }
        error_code code;
        bytes.remove_prefix(array_->write_some(true, bytes.data(), bytes.size(), code));
        if (code)
            fail_sockjs(transport_errc::bad_sockjs_frame);
        if (!array_->done())
            continue;
        auto const& content = array_->handler();
        if (inside_ == 'c') {
            if (!content.has_code())
                fail_sockjs(transport_errc::bad_sockjs_frame);
            throw_peer_closed(content.code() == go_away ? std::uint16_t{0} : content.code(), content.reason());
        }
        inside_ = '\0';
    }
}

void SockJsDecoder::take_type(char type)
{
    bool const is_frame = type == 'o' || type == 'h' || type == 'a';
    if (is_frame && is_open_ == (type == 'o'))
        fail_sockjs(transport_errc::bad_sockjs_order);
    switch (type) {
    case 'o':
        is_open_ = true;
        break;
    case 'h':
        ready += '\n';
        break;
    case 'a':
    case 'c': // also of a session that was not opened
        inside_ = type;
        array_->reset();
        array_->handler().begin(type == 'a' ? &ready : nullptr);
        break;
    case '\n': // The JSON parser takes white space behind an array, if it comes in the same piece.
    case '\r':
    case '\t':
    case ' ':
        break;
    default:
        fail_sockjs(transport_errc::bad_sockjs_frame);
    }
}

} // namespace arbalest::detail
