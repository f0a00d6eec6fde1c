#pragma once

#include "../protocol/time.hpp"
#include "../protocol/vector_queue.hpp"
#include "number_map.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace arbalest::detail {

/// The receipts that are awaited, with their deadlines. Each belongs to somebody, told by an opaque token. Looking one
/// up costs the same however many are outstanding.
class Receipts
{
public:
    using Token = void*;
    /// Names an awaited receipt inside this process; never zero, never used twice.
    using Number = std::uint64_t;

    /// The text of a generated id without an allocation.
    class GeneratedId
    {
    public:
        explicit GeneratedId(Number number) noexcept;
        std::string_view view() const noexcept { return {text_.data(), size_}; }

    private:
        std::array<char, 24> text_;
        std::size_t size_;
    };

    /// A number whose generated id nobody awaits by hand. To be handed to expect().
    Number next_number();

    /// Awaits the generated id of a number from next_number(), without a deadline for the time being.
    void expect(Number number, Token token);
    void expect(Number number, Token token, TimePoint deadline);

    /// Awaits an id that the user chose. Returns nullopt when that id is awaited already.
    std::optional<Number> expect(std::string_view id, Token token);
    std::optional<Number> expect(std::string_view id, Token token, TimePoint deadline);

    /// Awaits once more what was taken or has expired. @param number as before.
    void expect_again(std::string_view id, Number number, Token token, TimePoint deadline);

    /// Whose receipt that is; nullptr when it is not awaited any more.
    Token find(Number number) const
    {
        auto const* const found = awaited_.find(number);
        return found ? found->token : nullptr;
    }

    /// Gives its first deadline to one that was expected without and is still awaited. Cheaper than set_deadline().
    void start(Number number, TimePoint deadline) { deadlines_.add({deadline, number}); }

    /// A RECEIPT (or an ERROR with a receipt-id) came: whose is it? It is awaited no longer. nullptr: nobody's.
    Token take(std::string_view id);

    /// Nobody waits any more, and no RECEIPT will come. Returns false when it was not awaited.
    bool forget(Number number);

    /// Nobody waits any more, but the RECEIPT may still come on this connection. It is not taken for that of a later
    /// frame with the same id. Returns false when it was not awaited.
    bool abandon(Number number);

    /// Whether take() is going to take it for that of an abandoned frame.
    bool is_abandoned(std::string_view id) const { return !abandoned_.empty() && abandoned_.contains(id); }

    /// The frame of one that has expired was not sent, so no RECEIPT by that id will come.
    void was_not_sent(std::string_view id);

    /// No RECEIPT for what was abandoned will come any more.
    void connection_ended() noexcept { abandoned_.clear(); }

    /// Gives it another deadline.
    void set_deadline(Number number, TimePoint deadline);

    /// When the next one is lost; TimePoint::max() when none has a limit.
    TimePoint next_deadline();

    /// Not after next_deadline(), and found without a look-up; may be that of a receipt which has come.
    TimePoint earliest_deadline() const noexcept;

    /// Takes one whose deadline has passed; nullptr when there is none. It counts as abandoned.
    Token expire(TimePoint now);

    std::size_t size() const noexcept { return awaited_.size(); }
    bool empty() const noexcept { return awaited_.empty(); }

private:
    static constexpr TimePoint as_added = TimePoint::min();

    struct Awaited
    {
        Token token = nullptr;
        TimePoint deadline = as_added; // or another one than that
    };
    struct Due
    {
        TimePoint deadline{};
        Number number = 0;
    };
    struct LaterFirst
    {
        bool operator()(Due const& a, Due const& b) const noexcept { return a.deadline > b.deadline; }
    };

    /// Deadlines in the order in which they pass. Those that are added in that order, as they are where all receipts
    /// have the same limit, stand in a queue, the others in a heap.
    class Deadlines
    {
    public:
        void add(Due due);
        bool empty() const noexcept { return ascending_.empty() && heap_.empty(); }
        std::size_t size() const noexcept { return ascending_.size() + heap_.size(); }
        Due const& front() const noexcept { return heap_is_next() ? heap_.front() : ascending_.front(); }
        void pop_front();
        /// Drops the front of the queue if it is of this receipt.
        void pop_if_next(Number number) noexcept
        {
            if (!ascending_.empty() && ascending_.front().number == number)
                ascending_.pop_front();
        }
        template <class Predicate>
        void erase_if(Predicate predicate);
        /// Memory that few of its elements are left in.
        void give_back();

    private:
        bool heap_is_next() const noexcept
        {
            return ascending_.empty() || (!heap_.empty() && heap_.front().deadline < ascending_.front().deadline);
        }

        VectorQueue<Due> ascending_;
        std::vector<Due> heap_;
    };

    void drop_stale_deadlines();
    void let_go(Number number, bool may_come);
    void forget_name(Number number, bool may_come);
    bool is_current(Due const& due) const;

    NumberMap<Awaited> awaited_;
    Deadlines deadlines_; // entries of receipts that came in time may be dropped later
    std::map<std::string, Number, std::less<>> numbers_of_names_;
    std::map<Number, std::string> names_;
    std::multimap<std::string, Number, std::less<>> abandoned_; // chosen ids whose RECEIPTs may still come
    Number last_number_ = 0;
};

} // namespace arbalest::detail
