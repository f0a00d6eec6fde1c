#include "http_head.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace arbalest::detail {

namespace {

constexpr std::size_t longest_head = std::size_t{64} << 10;
constexpr std::string_view http_1 = "HTTP/1.";
constexpr std::size_t status_position = http_1.size() + 2; // behind the minor version and a space
constexpr std::size_t status_size = 3;
constexpr unsigned switching_protocols = 101;

std::string_view without_cr(std::string_view line) noexcept
{
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

std::string_view trimmed(std::string_view text) noexcept
{
    constexpr std::string_view blanks = " \t";
    auto const begin = std::min(text.find_first_not_of(blanks), text.size());
    text.remove_prefix(begin);
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    auto const lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
    return std::ranges::equal(a, b, {}, lower, lower);
}

unsigned status_of(std::string_view line) noexcept
{
    if (!line.starts_with(http_1) || line.size() < status_position + status_size || line[status_position - 1] != ' ')
        return 0;
    unsigned status = 0;
    auto const* const first = line.data() + status_position;
    auto const [end, error] = std::from_chars(first, first + status_size, status);
    bool const is_status = error == std::errc() && end == first + status_size && status >= 100;
    return is_status ? status : 0;
}

} // namespace

std::size_t HttpHead::take(std::string_view bytes)
{
    std::size_t taken = 0;
    while (state_ == State::incomplete && taken < bytes.size()) {
        auto const rest = bytes.substr(taken);
        auto const size =
            std::min({rest.find('\n') + 1 == 0 ? rest.size() : rest.find('\n') + 1, longest_head - total_});
        text_ += rest.substr(0, size);
        taken += size;
        total_ += size;
        auto const known = std::min(text_.size(), http_1.size());
        if (std::string_view(text_).substr(0, known) != http_1.substr(0, known))
            state_ = State::not_http;
        else if (text_.ends_with('\n'))
            end_line();
        if (state_ == State::incomplete && total_ == longest_head)
            state_ = State::too_long;
    }
    return taken;
}

void HttpHead::end_line()
{
    auto const line = without_cr(std::string_view(text_).substr(line_, text_.size() - line_ - 1));
    bool const is_first = line_ == 0;
    line_ = text_.size();
    if (is_first) {
        status_ = status_of(line);
        if (status_ == 0)
            state_ = State::not_http;
    } else if (line.empty() && status_ < 200 && status_ != switching_protocols) {
        begin_answer();
    } else if (line.empty()) {
        state_ = State::complete;
    }
}

void HttpHead::begin_answer() noexcept
{
    text_.clear();
    line_ = 0;
    status_ = 0;
}

std::string_view HttpHead::reason() const noexcept
{
    auto const line = without_cr(std::string_view(text_).substr(0, text_.find('\n')));
    return status_ == 0 ? std::string_view() : trimmed(line.substr(status_position + status_size));
}

std::string_view HttpHead::field(std::string_view name) const noexcept
{
    std::string_view rest = text_;
    while (!rest.empty()) {
        auto const size = std::min(rest.find('\n'), rest.size());
        auto const line = without_cr(rest.substr(0, size));
        rest.remove_prefix(std::min(size + 1, rest.size()));
        auto const colon = line.find(':');
        if (colon != line.npos && equals_ignoring_case(trimmed(line.substr(0, colon)), name))
            return trimmed(line.substr(colon + 1));
    }
    return {};
}

} // namespace arbalest::detail
