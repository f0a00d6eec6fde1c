// FrameDecoder gives the same frames, heart-beats and error for the same bytes, however they are cut, with and without
// SIMD.

#include "fuzz.hpp"
#include "protocol/simd_head.hpp"
#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace {

struct Decoded
{
    std::vector<arbalest::Frame> frames;
    std::uint64_t heart_beats = 0;
    std::string error;

    friend bool operator==(Decoded const&, Decoded const&) = default;
};

struct Settings
{
    arbalest::Limits limits;
    std::optional<arbalest::StompVersion> version;
};

/// @param cuts the sizes of the pieces, repeated; empty: all at once. @param peek takes RECEIPTs as a session does.
Decoded decode(std::string_view bytes, Settings const& settings, std::string_view cuts, bool peek)
{
    Decoded decoded;
    arbalest::FrameDecoder decoder(settings.limits);
    if (settings.version)
        decoder.set_version(*settings.version);
    try {
        for (std::size_t piece = 0; !bytes.empty(); ++piece) {
            auto const wanted =
                cuts.empty() ? bytes.size() : 1 + static_cast<unsigned char>(cuts[piece % cuts.size()]) % 64u;
            auto const size = std::min(wanted, bytes.size());
            decoder.feed(bytes.substr(0, size));
            bytes.remove_prefix(size);
            for (;;) {
                std::string const id(peek ? decoder.peek_receipt() : std::string_view());
                auto frame = decoder.next();
                if (!frame)
                    break;
                if (!id.empty())
                    require(frame->command() == "RECEIPT" && frame->header("receipt-id") == id, "peek_receipt()");
                decoded.frames.push_back(std::move(*frame));
            }
        }
    } catch (arbalest::MalformedFrame const& error) {
        decoded.error = error.what();
    }
    decoded.heart_beats = decoder.heart_beats();
    return decoded;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    FuzzInput input(data, size);
    Settings settings;
    auto const version = input.choose(4);
    if (version > 0)
        settings.version = static_cast<arbalest::StompVersion>(version - 1);
    if (input.choose(2) == 1)
        settings.limits = arbalest::Limits{200, 40, 6, 100};
    auto const cuts = input.text(input.choose(8));

    auto const whole = decode(input.rest(), settings, {}, false);
    require(whole == decode(input.rest(), settings, cuts.empty() ? std::string_view("\0", 1) : cuts, false),
            "cuts make no difference");
    require(whole == decode(input.rest(), settings, {}, true), "looking at a RECEIPT makes no difference");
    if (std::exchange(arbalest::detail::SimdHead::is_enabled, false)) {
        auto const scalar = decode(input.rest(), settings, {}, false);
        arbalest::detail::SimdHead::is_enabled = true;
        require(whole == scalar, "SIMD makes no difference");
    }
    return 0;
}
