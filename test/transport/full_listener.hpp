#pragma once

#include "support/session_fixture.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace arbalest::test {

/// Listens, and lets all connections wait: its backlog is full, so Linux drops further SYNs.
class FullListener
{
public:
    /// @param port 0 for any.
    explicit FullListener(asio::io_context& context, std::string const& address = "127.0.0.2", std::uint16_t port = 0)
        : acceptor_(context)
    {
        asio::ip::tcp::endpoint const endpoint(asio::ip::make_address(address), port);
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen(0);
    }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// Fills the backlog; to be awaited before anything else.
    asio::awaitable<void> fill()
    {
        bool is_full = false;
        while (!is_full) {
            BOOST_REQUIRE_MESSAGE(backlog_.size() < 64, "the listener's backlog does not become full");
            backlog_.emplace_back(acceptor_.get_executor());
            try {
                auto waiting = backlog_.back().async_connect(acceptor_.local_endpoint(), asio::use_awaitable);
                co_await with_timeout(200ms, std::move(waiting));
            } catch (Timeout const&) {
                is_full = true;
            }
        }
    }

private:
    asio::ip::tcp::acceptor acceptor_;
    std::vector<asio::ip::tcp::socket> backlog_;
};

} // namespace arbalest::test
