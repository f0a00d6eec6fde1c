#pragma once

#include "broker/session.hpp"
#include <arbalest/broker/broker_config.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest::broker::test {

/// A frame written on one line: `SEND destination:/queue/a receipt:1 | body`. An underscore stands for a space, `\n`
/// for a line feed.
Frame parse_frame(std::string_view line);

/// The reverse. Leaves out what most tests do not care about: the `server` and `session` of CONNECTED, the
/// `content-type` and body of ERROR, the `content-length` of MESSAGE.
std::string to_line(Frame const& frame);

/// A broker core with clients by name, which plays conversations like this one and checks every answer:
///
///     a> SUBSCRIBE id:1 destination:/queue/q
///     b> SEND destination:/queue/q | one
///     a< MESSAGE subscription:1 destination:/queue/q | one
///
/// The ids that the broker makes have no names of their own. The `message-id` of a MESSAGE is left out: it is only
/// checked to be a new one. In an `ack` header, and in the `id` or `message-id` of an ACK or NACK, `#2` stands for the
/// second message that this client was sent; `m#2` is its message-id and `a#2` its `ack` where the other is meant, and
/// `b.#2` that of another client.
///
/// Behind each step come all frames that it makes the broker send, in order. Steps are: a frame from a client; `a
/// lost`, the connection broke; `a congested` and `a drained`, its output. `a< closed` is the broker's wish to close,
/// and `a< beat` a heart-beat. A client named a0, a1 or a2 speaks that version of STOMP, any other 1.2; it is connected
/// before its first step unless that is a CONNECT or STOMP frame. Sessions are numbered in the order in which they are
/// mentioned.
class Script
{
public:
    using TimePoint = Session::TimePoint;

    explicit Script(BrokerConfig config = quiet());
    ~Script();

    /// A configuration without heart-beats.
    static BrokerConfig quiet();

    void play(std::string_view text);

    /// One step, and what came of it, one line each.
    std::vector<std::string> step(std::string_view line);
    /// Lets time pass for a client.
    std::vector<std::string> tick(std::string const& client, std::chrono::milliseconds since_start);

    Core& core() noexcept { return core_; }
    Session& session(std::string const& client);
    TimePoint now() const noexcept { return now_; }
    /// The last frame sent to any client, whole.
    Frame const& last_frame() const noexcept { return last_; }

private:
    class Recorder;

    Recorder& client(std::string const& name);
    void put_ids(Frame& frame, Recorder& sender);
    void put_id(Frame& frame, std::string_view header, char kind, Recorder& sender);

    Core core_;
    TimePoint const start_ = TimePoint() + std::chrono::hours(1);
    TimePoint now_ = start_;
    std::vector<std::string> record_;
    Frame last_;
    std::map<std::string, std::unique_ptr<Recorder>> clients_;
    std::set<std::string, std::less<>> message_ids_; // all
};

} // namespace arbalest::broker::test
