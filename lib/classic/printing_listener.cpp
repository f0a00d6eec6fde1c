#include <arbalest/classic/printing_listener.hpp>

#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>

namespace arbalest::classic {

namespace {

std::mutex log_mutex;
std::shared_ptr<LogSink const> default_log;

void append_printable(std::string& line, std::string_view text)
{
    constexpr std::string_view digits = "0123456789abcdef";
    for (unsigned char const c : text) {
        if (c == '\n') {
            line += "\\n";
        } else if (c == '\r') {
            line += "\\r";
        } else if (c == '\t') {
            line += "\\t";
        } else if (c < 0x20 || c == 0x7f) {
            line += "\\x";
            line += digits[c >> 4];
            line += digits[c & 15];
        } else {
            line += static_cast<char>(c);
        }
    }
}

// One write for a line, so that those of several threads do not mix.
void write_line(std::ostream& out, std::string_view line)
{
    std::string whole(line);
    whole += '\n';
    static std::mutex mutex;
    std::lock_guard const lock(mutex);
    out << whole << std::flush;
}

} // namespace

void set_log_sink(LogSink sink)
{
    auto made = sink ? std::make_shared<LogSink const>(std::move(sink)) : nullptr;
    std::lock_guard const lock(log_mutex);
    default_log = std::move(made);
}

PrintingListener::PrintingListener(bool print_to_log, LogSink log) : print_to_log_(print_to_log), log_(std::move(log))
{
}

void PrintingListener::print(std::string_view line) const
{
    if (!print_to_log_) {
        write_line(std::cout, line);
        return;
    }
    if (log_) {
        log_(line);
        return;
    }
    std::shared_ptr<LogSink const> sink;
    {
        std::lock_guard const lock(log_mutex);
        sink = default_log;
    }
    if (sink)
        (*sink)(line);
    else
        write_line(std::clog, line);
}

void PrintingListener::print(std::string_view event, Frame const& frame) const
{
    std::string line(event);
    line += " {";
    char const* separator = "";
    for (auto const header : frame.headers()) {
        line += separator;
        append_printable(line, header.name);
        line += ": ";
        append_printable(line, header.name == "passcode" ? "********" : header.value);
        separator = ", ";
    }
    line += '}';
    if (!frame.body().empty()) {
        line += ' ';
        append_printable(line, frame.body());
    }
    print(line);
}

void PrintingListener::on_connecting(HostAndPort const& host_and_port)
{
    std::ostringstream line;
    line << "on_connecting " << host_and_port.host << ' ' << host_and_port.port;
    print(line.str());
}

void PrintingListener::on_connected(Frame const& frame)
{
    print("on_connected", frame);
}

void PrintingListener::on_disconnecting()
{
    print("on_disconnecting");
}

void PrintingListener::on_disconnected()
{
    print("on_disconnected");
}

void PrintingListener::on_message(Frame const& frame)
{
    print("on_message", frame);
}

void PrintingListener::on_error(Frame const& frame)
{
    print("on_error", frame);
}

void PrintingListener::on_send(Frame& frame)
{
    if (frame.empty())
        print("on_send (heart-beat)");
    else
        print("on_send " + std::string(frame.command()), frame);
}

void PrintingListener::on_receipt(Frame const& frame)
{
    print("on_receipt", frame);
}

void PrintingListener::on_heartbeat()
{
    print("on_heartbeat");
}

void PrintingListener::on_heartbeat_timeout()
{
    print("on_heartbeat_timeout");
}

} // namespace arbalest::classic
