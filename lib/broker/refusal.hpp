#pragma once

#include <string>
#include <utility>

namespace arbalest::broker {

/// Thrown while a frame is carried out, before it had any effect: it is answered by an ERROR.
class Refusal
{
public:
    /// @param message the `message` header, in a few words and on one line. @param detail the body.
    Refusal(std::string message, std::string detail) : message(std::move(message)), detail(std::move(detail)) {}

    std::string message;
    std::string detail;
};

} // namespace arbalest::broker
