#include "tcp_connect.hpp"

#include "resolve.hpp"
#include "tcp_socket_options.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

namespace arbalest::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using OnFailed = std::function<void(ConnectAttempt)>;

std::string to_text(tcp::endpoint const& endpoint)
{
    std::ostringstream out;
    out << endpoint;
    return out.str();
}

// Attempts at several endpoints, of which the first to succeed ends the others. Everything happens on the executor.
class ConnectRace : public std::enable_shared_from_this<ConnectRace>
{
public:
    // The coroutine that waits gets the race only with the result: if it held the race while the race holds it, both
    // would outlive an io_context that is destroyed meanwhile.
    using Handler = asio::any_completion_handler<void(std::shared_ptr<ConnectRace>)>;

    ConnectRace(asio::any_io_executor executor, std::vector<tcp::endpoint> endpoints, TcpOptions options,
                OnFailed failed)
        : executor_(executor), timer_(executor), endpoints_(std::move(endpoints)), options_(std::move(options)),
          failed_(std::move(failed)), code_(asio::error::host_not_found)
    {
        sockets_.reserve(endpoints_.size());
    }

    void start(Handler handler)
    {
        handler_.emplace(std::move(handler));
        start_next();
    }

    void cancel()
    {
        if (!handler_)
            return;
        code_ = asio::error::operation_aborted;
        for (std::size_t i = 0; i < sockets_.size(); ++i) {
            if (sockets_[i].is_open())
                report(i, code_);
        }
        finish();
    }

    // After the handler was called.
    tcp::socket take_socket()
    {
        if (!winner_)
            throw boost::system::system_error(code_);
        return std::move(*winner_);
    }

private:
    // Begins with the next endpoint; with those behind it when it fails at once.
    void start_next()
    {
        while (sockets_.size() < endpoints_.size()) {
            auto const index = sockets_.size();
            auto& socket = sockets_.emplace_back(executor_);
            try {
                open_socket(socket, endpoints_[index], options_);
            } catch (boost::system::system_error const& error) {
                fail(index, error.code());
                continue;
            }
            socket.async_connect(endpoints_[index], [self = shared_from_this(), index](error_code code) {
                self->attempt_ended(index, code);
            });
            ++under_way_;
            if (sockets_.size() < endpoints_.size())
                wait_for_next();
            return;
        }
        if (under_way_ == 0)
            finish();
    }

    void wait_for_next()
    {
        timer_.expires_after(std::min(options_.connection_attempt_delay, longest_delay));
        timer_.async_wait([self = shared_from_this()](error_code code) {
            if (!code && self->handler_)
                self->start_next();
        });
    }

    void attempt_ended(std::size_t index, error_code code)
    {
        if (!handler_)
            return;
        --under_way_;
        if (!code) {
            winner_.emplace(std::move(sockets_[index]));
            finish();
            return;
        }
        fail(index, code);
        timer_.cancel();
        start_next();
    }

    void fail(std::size_t index, error_code code)
    {
        error_code ignored;
        sockets_[index].close(ignored);
        code_ = code;
        report(index, code);
    }

    void report(std::size_t index, error_code code)
    {
        ConnectAttempt attempt;
        attempt.endpoint = to_text(endpoints_[index]);
        attempt.phase = ConnectPhase::tcp;
        attempt.code = code;
        attempt.message = code.message();
        failed_(std::move(attempt));
    }

    void finish()
    {
        timer_.cancel();
        sockets_.clear();
        asio::get_associated_cancellation_slot(*handler_).clear();
        Handler last(std::move(*handler_));
        handler_.reset();
        asio::post(executor_, asio::append(std::move(last), shared_from_this()));
    }

    static constexpr std::chrono::milliseconds longest_delay = std::chrono::hours(24); // a clock's end is near

    asio::any_io_executor executor_;
    asio::steady_timer timer_;
    std::vector<tcp::endpoint> const endpoints_;
    TcpOptions const options_;
    OnFailed failed_;
    std::vector<tcp::socket> sockets_; // of the endpoints at the front; closed when the attempt has failed
    std::size_t under_way_ = 0;
    std::optional<Handler> handler_; // none when the race is over
    std::optional<tcp::socket> winner_;
    error_code code_; // of the last failure
};

struct StartRace
{
    template <class Given>
    void operator()(Given given, std::shared_ptr<ConnectRace> race) const
    {
        ConnectRace::Handler handler(std::move(given));
        // Asked for only now: the erased handler puts a state of its own into the caller's slot.
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            slot.assign([weak = std::weak_ptr<ConnectRace>(race)](asio::cancellation_type type) {
                auto const race = weak.lock();
                if (race && type != asio::cancellation_type::none)
                    race->cancel();
            });
        }
        race->start(std::move(handler));
    }
};

ConnectAttempt describe_resolution(std::string const& host, error_code code)
{
    ConnectAttempt attempt;
    attempt.phase = ConnectPhase::resolve;
    attempt.code = code;
    attempt.message = "cannot resolve '" + host + "': " + code.message();
    return attempt;
}

} // namespace

std::vector<asio::ip::address> interleave(std::vector<asio::ip::address> const& addresses)
{
    std::vector<asio::ip::address> of_first_family;
    std::vector<asio::ip::address> of_other_family;
    for (auto const& address : addresses)
        (address.is_v6() == addresses.front().is_v6() ? of_first_family : of_other_family).push_back(address);
    std::vector<asio::ip::address> result;
    for (std::size_t i = 0; i < std::max(of_first_family.size(), of_other_family.size()); ++i) {
        if (i < of_first_family.size())
            result.push_back(of_first_family[i]);
        if (i < of_other_family.size())
            result.push_back(of_other_family[i]);
    }
    return result;
}

asio::awaitable<tcp::socket> connect_tcp(asio::any_io_executor executor, std::string host, std::uint16_t port,
                                         TcpOptions options, OnFailed failed)
{
    std::vector<asio::ip::address> addresses;
    error_code code;
    try {
        // The system would take a NUL for the end of the name, and connect to another host.
        if (host.find('\0') != host.npos)
            throw boost::system::system_error(asio::error::invalid_argument);
        addresses = co_await resolve(executor, host);
        if (addresses.empty())
            code = asio::error::host_not_found;
    } catch (boost::system::system_error const& error) {
        code = error.code();
    }
    if (code) {
        failed(describe_resolution(host.substr(0, host.find('\0')), code));
        throw boost::system::system_error(code);
    }
    std::vector<tcp::endpoint> endpoints;
    for (auto const& address : interleave(addresses))
        endpoints.emplace_back(address, port);
    auto started = std::make_shared<ConnectRace>(executor, std::move(endpoints), std::move(options), std::move(failed));
    auto const race = co_await asio::async_initiate<asio::use_awaitable_t<> const, void(std::shared_ptr<ConnectRace>)>(
        StartRace(), asio::use_awaitable, std::move(started));
    co_return race->take_socket();
}

} // namespace arbalest::detail
