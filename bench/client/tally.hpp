#pragma once

#include "../support/time_stamp.hpp"
#include "job.hpp"

#include <charconv>
#include <stdexcept>
#include <string>
#include <system_error>

namespace bench {

/// What has come, whether it is all of it, and how long it was under way.
class Tally
{
public:
    Tally(ClientJob const& job, Measurement& measurement) : job_(job), measurement_(measurement) {}

    /// @param message a Message or a Frame.
    template <class Received>
    void add(Received const& message)
    {
        // A broker's messages have no stamp.
        if (Measurement::sampled(messages_) && !job_.preload)
            measurement_.took(under_way(message));
        ++messages_;
        bytes_ += message.body().size();
    }
    bool complete() const noexcept { return messages_ == job_.count; }
    void check() const
    {
        if (messages_ != job_.count || bytes_ != job_.count * job_.body)
            throw std::runtime_error(std::to_string(messages_) + " messages with " + std::to_string(bytes_) +
                                     " bytes came");
    }

private:
    template <class Received>
    static Clock::duration under_way(Received const& message)
    {
        auto const id = message.header("message-id");
        std::uint64_t stamp = 0;
        if (id && std::from_chars(id->data(), id->data() + id->size(), stamp).ec == std::errc())
            return since(stamp % stamp_period);
        throw std::runtime_error("a message without a time stamp");
    }

    ClientJob const& job_;
    Measurement& measurement_;
    std::size_t messages_ = 0;
    std::size_t bytes_ = 0;
};

} // namespace bench
