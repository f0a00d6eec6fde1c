#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest::test {

/// What the sender of each numbered message was told, and which of them reached the broker.
class MessageLedger
{
public:
    enum class Fate : std::uint8_t {
        open,      ///< Its sender still waits.
        confirmed, ///< The broker has confirmed it: it must be there.
        unknown,   ///< Nothing was promised.
        never,     ///< Reported as not sent, refused or aborted: it must not be there.
    };

    /// A new message.
    std::uint64_t add()
    {
        fates_.push_back(Fate::open);
        seen_.push_back(false);
        return fates_.size() - 1;
    }
    /// Its sender has been told. What was confirmed once stays so.
    void decide(std::uint64_t number, Fate fate)
    {
        if (fates_[number] != Fate::confirmed)
            fates_[number] = fate;
    }
    /// A witness has found it in the broker's queue.
    void seen(std::uint64_t number)
    {
        if (number < seen_.size())
            seen_[number] = true;
    }

    std::uint64_t size() const noexcept { return fates_.size(); }
    std::uint64_t count(Fate fate) const
    {
        std::uint64_t count = 0;
        for (auto const each : fates_)
            count += each == fate ? 1 : 0;
        return count;
    }
    std::uint64_t count_seen() const
    {
        std::uint64_t count = 0;
        for (bool const each : seen_)
            count += each ? 1 : 0;
        return count;
    }
    /// Confirmed, and nobody has seen it.
    std::uint64_t missing() const { return count(Fate::confirmed, false); }
    /// Reported as never sent, and in the queue.
    std::uint64_t unexpected() const { return count(Fate::never, true); }

private:
    std::uint64_t count(Fate fate, bool is_seen) const
    {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < fates_.size(); ++i)
            count += fates_[i] == fate && seen_[i] == is_seen ? 1 : 0;
        return count;
    }

    std::vector<Fate> fates_;
    std::vector<bool> seen_;
};

} // namespace arbalest::test
