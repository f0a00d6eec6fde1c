#pragma once

#include <arbalest/protocol/frame.hpp>

#include <cstddef>
#include <string>

namespace bench {

/// A MESSAGE as a broker sends it.
/// @param headers how many, content-length among them; at least 3.
/// @param escapes whether each value contains something that must be escaped.
inline arbalest::Frame sample_frame(std::size_t body, std::size_t headers, bool escapes)
{
    arbalest::Frame frame("MESSAGE");
    std::string const tail = escapes ? ":with\\escapes" : "-of-ordinary";
    frame.add_header("subscription", "sub-1" + tail);
    frame.add_header("message-id", "T_sub-1@@session-Hq0yLsYd0mE5c5gB0Vf_7A@@1" + tail);
    for (std::size_t i = 2; i + 1 < headers; ++i) // encode() adds content-length
        frame.add_header("header-number-" + std::to_string(i), "value" + tail + std::to_string(i));
    frame.set_body(std::string(body, 'b'));
    return frame;
}

/// With a body of 100 bytes the frame of 241 bytes and 5 headers that the targets speak of.
inline arbalest::Frame target_frame(std::size_t body)
{
    arbalest::Frame frame("MESSAGE");
    frame.add_header("subscription", "sub-1");
    frame.add_header("message-id", "ID-broker-40173-1-1-1-0000000001");
    frame.add_header("destination", "/queue/bench");
    frame.add_header("content-type", "text/plain");
    frame.set_body(std::string(body, 'b'));
    return frame;
}

} // namespace bench
