// SockJsDecoder gives the same text and ends in the same way, however the bytes are cut.

#include "fuzz.hpp"
#include "transport/sockjs_decoder.hpp"
#include <arbalest/transport/error.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace {

std::pair<std::string, boost::system::error_code> decode(std::string_view bytes, std::size_t piece)
{
    std::pair<std::string, boost::system::error_code> decoded;
    arbalest::detail::SockJsDecoder decoder;
    try {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
            decoder.take(bytes.substr(0, piece));
            decoded.first += std::exchange(decoder.ready, {});
        }
    } catch (boost::system::system_error const& error) {
        decoded.second = error.code();
    }
    decoded.first += decoder.ready;
    return decoded;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    FuzzInput input(data, size);
    auto const piece = 1 + input.choose(7);
    // The order of the frames is part of the protocol: most inputs should get beyond it.
    std::string const bytes = (input.choose(4) > 0 ? "o" : "") + std::string(input.rest());
    auto const [whole, whole_end] = decode(bytes, bytes.size() + 1);
    auto const [cut, cut_end] = decode(bytes, piece);
    require(whole_end == cut_end, "cuts make no difference to the end");
    // Of a string that turns out to be malformed, less may have been handed on.
    require(whole_end ? cut.starts_with(whole) || whole.starts_with(cut) : whole == cut,
            "cuts make no difference to the text");
    return 0;
}
