#pragma once

#include <arbalest/classic/connection_listener.hpp>
#include <arbalest/export.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace arbalest::classic {

/// Takes one line, without its line end. May be called from several threads at once.
using LogSink = std::function<void(std::string_view line)>;

/// Where listeners that print to a log do so unless they have a sink of their own. @param sink empty: the default,
/// `std::clog`. From any thread.
ARBALEST_DECL void set_log_sink(LogSink sink);

/// Prints a line for every event: its name, for a frame that is sent the command, then headers and body. The passcode
/// is masked; control characters are shown as escapes, so that every event is one line.
class ARBALEST_DECL PrintingListener : public virtual ConnectionListener
{
public:
    /// @param print_to_log false: to standard output; true: to the log. Default false.
    /// @param log where the log is; default: what set_log_sink() says.
    explicit PrintingListener(bool print_to_log = false, LogSink log = {});

    void on_connecting(HostAndPort const& host_and_port) override;
    void on_connected(Frame const& frame) override;
    void on_disconnecting() override;
    void on_disconnected() override;
    void on_message(Frame const& frame) override;
    void on_error(Frame const& frame) override;
    void on_send(Frame& frame) override;
    void on_receipt(Frame const& frame) override;
    void on_heartbeat() override;
    void on_heartbeat_timeout() override;

private:
    void print(std::string_view line) const;
    void print(std::string_view event, Frame const& frame) const;

    bool print_to_log_;
    LogSink log_;
};

} // namespace arbalest::classic
