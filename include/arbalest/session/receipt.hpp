#pragma once

#include <arbalest/export.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace arbalest {

namespace detail {
class SessionImpl;
struct ReceiptSlot;
} // namespace detail

/// The broker's confirmation that it has processed a frame (STOMP 1.2, "RECEIPT").
class ARBALEST_DECL Receipt
{
public:
    /// None; what an operation that asked for no receipt holds.
    Receipt() noexcept = default;
    explicit Receipt(std::string const& id) : id_(id) {}
    explicit Receipt(std::string&& id) noexcept : id_(std::move(id)) {}

    /// The `receipt-id`.
    std::string const& id() const noexcept { return id_; }

private:
    std::string id_;
};

/// How one frame is sent: its receipt, and headers of the user's own. Options are set by chained setters, so that they
/// can be written inside a `co_await` expression.
class FrameOptions
{
public:
    FrameOptions() = default;

    /// Asks for a receipt, whatever `StompConfig::auto_receipt` says; the operation then waits for it.
    FrameOptions& with_receipt() &
    {
        with_receipt_ = true;
        return *this;
    }
    FrameOptions&& with_receipt() && { return std::move(with_receipt()); }

    /// Asks for a receipt by this id, which must not be awaited by another operation.
    FrameOptions& receipt(std::string id) & { return header("receipt", std::move(id)); }
    FrameOptions&& receipt(std::string id) && { return std::move(receipt(std::move(id))); }

    /// How long to wait for the receipt, from the call; zero: without limit. Default: `StompConfig::receipt_timeout`.
    /// The operation throws InvalidConfig for a negative one.
    FrameOptions& receipt_timeout(std::chrono::milliseconds limit) &
    {
        receipt_timeout_ = limit;
        return *this;
    }
    FrameOptions&& receipt_timeout(std::chrono::milliseconds limit) && { return std::move(receipt_timeout(limit)); }

    /// Adds a header to the frame, behind the operation's own; it is escaped when the frame is encoded. One that the
    /// operation sets itself cannot have another value: the operations say which of them a user may choose.
    FrameOptions& header(std::string name, std::string value) &
    {
        headers_.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    FrameOptions&& header(std::string name, std::string value) &&
    {
        return std::move(header(std::move(name), std::move(value)));
    }

    /// Whether with_receipt() was called.
    bool wants_receipt() const noexcept { return with_receipt_; }
    /// The limit given to receipt_timeout(); nullopt when none was.
    std::optional<std::chrono::milliseconds> receipt_timeout() const noexcept { return receipt_timeout_; }
    /// The headers added, in order, `receipt` among them.
    std::vector<std::pair<std::string, std::string>> const& headers() const noexcept { return headers_; }

private:
    bool with_receipt_ = false;
    std::optional<std::chrono::milliseconds> receipt_timeout_;
    std::vector<std::pair<std::string, std::string>> headers_;
};

/// The confirmation, still to come, of a frame that was submitted. Movable, not copyable. Destroying it lets go of the
/// confirmation and takes nothing back; a RECEIPT that comes later is ignored.
class ARBALEST_DECL PendingReceipt
{
public:
    /// Holds nothing.
    PendingReceipt() noexcept = default;
    PendingReceipt(PendingReceipt&& other) noexcept
        : impl_(std::move(other.impl_)), slot_(std::exchange(other.slot_, nullptr))
    {
    }
    PendingReceipt& operator=(PendingReceipt&& other) noexcept
    {
        PendingReceipt former(std::move(*this));
        impl_ = std::move(other.impl_);
        slot_ = std::exchange(other.slot_, nullptr);
        return *this;
    }
    ~PendingReceipt()
    {
        if (slot_)
            let_go();
    }

    /// Suspends until the broker has confirmed the frame; consumes the object. Completes on the caller's executor, at
    /// once if the confirmation is there already.
    /// @throws LostReceipt after the limit, counted from submit(); ErrorFrameReceived when an ERROR names the frame;
    /// what ended the session, if that comes first. OperationInProgress when another wait is under way or the object
    /// holds nothing. Cancellation: `partial` and `terminal` let go of the confirmation; `total` is ignored.
    boost::asio::awaitable<Receipt> confirmed();

    /// Whether confirmed() would complete without waiting. To be called on the session's executor.
    bool is_ready() const noexcept;
    /// The former name of is_ready(): Subscription::ready() waits, which this does not.
    [[deprecated("use is_ready()")]] bool ready() const noexcept { return is_ready(); }
    /// Whether it holds a confirmation that may be awaited.
    bool valid() const noexcept { return slot_ != nullptr; }

private:
    friend class detail::SessionImpl;
    PendingReceipt(std::shared_ptr<detail::SessionImpl> impl, detail::ReceiptSlot* slot) noexcept;
    void let_go() noexcept;

    std::shared_ptr<detail::SessionImpl> impl_;
    detail::ReceiptSlot* slot_ = nullptr;
};

} // namespace arbalest
