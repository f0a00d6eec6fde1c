#pragma once

#include "core.hpp"

// What every operation begins with.
namespace arbalest::detail {

[[noreturn]] void refuse(Core const* core);

inline void require(std::shared_ptr<Core> const& core)
{
    if (!core || !core->is_alive())
        refuse(core.get());
}

inline void add_headers(Frame& frame, FrameOptions const& options)
{
    for (auto const& [name, value] : options.headers())
        frame.set_header(name, value);
}

inline TransmitOptions transmit_options(FrameOptions const& options)
{
    TransmitOptions result;
    result.with_receipt = options.wants_receipt();
    result.set_timeout(options.receipt_timeout());
    return result;
}

inline TransmitOptions transmit_options(OutgoingMessage const& message)
{
    TransmitOptions result;
    result.with_receipt = message.wants_receipt();
    result.set_timeout(message.receipt_timeout());
    return result;
}

/// Hopping needs a value, users none.
inline boost::asio::awaitable<void> without_value(boost::asio::awaitable<bool> operation)
{
    co_await std::move(operation);
}

} // namespace arbalest::detail
