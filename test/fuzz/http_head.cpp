// HttpHead takes the same bytes and says the same, however the answer is cut. What is derived from the answer of a
// proxy or a WebSocket server does not fail.

#include "transport/http_head.hpp"

#include "fuzz.hpp"
#include "transport/http.hpp"

#include <algorithm>
#include <string>

using arbalest::detail::HttpHead;

namespace {

std::size_t take(HttpHead& head, std::string_view bytes, std::size_t piece)
{
    std::size_t taken = 0;
    while (taken < bytes.size() && head.state() == HttpHead::State::incomplete) {
        auto const part = bytes.substr(taken, piece);
        auto const used = head.take(part);
        require(used <= part.size(), "no more is taken than there is");
        taken += used;
        if (used < part.size())
            break;
    }
    return taken;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    FuzzInput input(data, size);
    auto const piece = 1 + input.choose(7);
    std::string const bytes = (input.choose(4) > 0 ? "HTTP/1.1 " : "") + std::string(input.rest());
    HttpHead whole, cut;
    auto const taken = take(whole, bytes, bytes.size() + 1);
    auto const taken_cut = take(cut, bytes, piece);
    require(whole.state() == cut.state(), "cuts make no difference to the state");
    if (whole.state() == HttpHead::State::complete) {
        require(taken == taken_cut, "cuts make no difference to the length");
        require(whole.status() == cut.status() && whole.reason() == cut.reason() && whole.text() == cut.text(),
                "cuts make no difference to the head");
        require(whole.status() == 101 || whole.status() >= 200 || whole.status() == 0, "interim answers are skipped");
        arbalest::detail::hint_for_status(whole.status(), whole.field("location"), true);
        arbalest::detail::describe_status(whole.status(), whole.reason());
        arbalest::detail::are_extensions_offered(whole.field("sec-websocket-extensions"), true);
    }
    return 0;
}
