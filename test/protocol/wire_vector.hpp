#pragma once

#include <arbalest/protocol/frame.hpp>
#include <arbalest/protocol/limits.hpp>
#include <arbalest/protocol/stomp_version.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A small language for tables that say what given bytes decode to. Wire text is written as in the specification:
// ^@ stands for NUL. <!> marks the place that a failure must name; it is no part of the bytes.
namespace wire {

using Version = std::optional<arbalest::StompVersion>;

/// The versions that a vector holds for. `unknown` is the time before set_version().
inline Version const unknown = std::nullopt;
inline Version const v1_0 = arbalest::StompVersion::v1_0;
inline Version const v1_1 = arbalest::StompVersion::v1_1;
inline Version const v1_2 = arbalest::StompVersion::v1_2;
inline std::vector<Version> const every_version{unknown, v1_0, v1_1, v1_2};

/// The bytes that such a text stands for, without the mark.
std::string bytes(std::string_view text);

using Headers = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// What a decoder made of some bytes.
struct Result
{
    std::vector<arbalest::Frame> frames;
    std::uint64_t heart_beats = 0;
    bool failed = false;
    std::string reason;       // of the failure
    std::uint64_t offset = 0; // of the failure, or else where the next frame starts
    std::size_t buffered = 0; // 0 after a failure, where it depends on the cuts

    friend bool operator==(Result const&, Result const&) = default;
};

std::ostream& operator<<(std::ostream& out, Result const& result);

/// One row of a table.
class Vector
{
public:
    explicit Vector(std::string_view wire_text);

    /// Restricts it to these versions; by default it holds for all.
    Vector& in(std::initializer_list<Version> versions);
    Vector& limit_frame(std::size_t size);
    Vector& limit_line(std::size_t size);
    Vector& limit_headers(std::size_t count);
    Vector& limit_body(std::size_t size);
    /// After a CONNECTED frame the decoder is told the version that stands in it, as a session does.
    Vector& negotiating();

    /// Expects one more frame.
    Vector& gives(std::string_view command, Headers headers = {}, std::string_view body_text = {});
    Vector& heart_beats(std::uint64_t count);
    /// Expects that the bytes behind the mark <!> stay in the buffer, for want of more.
    Vector& wants_more();
    /// Expects a failure at the mark <!>.
    Vector& fails(std::string_view reason_part);

    /// Decodes it in each of its versions: in one piece, byte by byte, at every cut in two and at random cuts in many.
    void check() const;

    /// How many pairs of bytes and version this is.
    std::size_t count() const { return versions_.size(); }

private:
    struct Feeder;
    void check(Version version) const;
    Result decode(Version version, std::vector<std::size_t> const& cuts) const;

    std::string text_;
    std::string bytes_;
    std::optional<std::size_t> mark_;
    std::vector<Version> versions_ = every_version;
    arbalest::Limits limits_;
    bool negotiating_ = false;
    std::vector<arbalest::Frame> frames_;
    std::uint64_t heart_beats_ = 0;
    std::string reason_part_;
    bool fails_ = false;
};

/// Checks all rows.
void check_all(std::vector<Vector> const& table);

} // namespace wire
