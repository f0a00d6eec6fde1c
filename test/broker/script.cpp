#include "script.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

namespace arbalest::broker::test {

namespace {

std::string unquoted(std::string_view text)
{
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i).starts_with("\\n")) {
            plain += '\n';
            ++i;
        } else {
            plain += text[i] == '_' ? ' ' : text[i];
        }
    }
    return plain;
}

std::string in_quotes(std::string_view text)
{
    std::string quoted;
    for (char const byte : text) {
        if (byte == '\n')
            quoted += "\\n";
        else
            quoted += byte == ' ' ? '_' : byte;
    }
    return quoted;
}

bool is_dull(Frame const& frame, std::string_view header)
{
    auto const command = frame.command();
    return (command == "CONNECTED" && (header == "server" || header == "session")) ||
           (command == "MESSAGE" && header == "content-length") || (command == "ERROR" && header == "content-type");
}

std::string_view trimmed(std::string_view line)
{
    while (line.starts_with(' '))
        line.remove_prefix(1);
    while (line.ends_with(' '))
        line.remove_suffix(1);
    return line;
}

} // namespace

Frame parse_frame(std::string_view line)
{
    auto const bar = line.find(" | ");
    auto head = trimmed(line.substr(0, bar));
    auto const command_end = std::min(head.find(' '), head.size());
    Frame frame(head.substr(0, command_end));
    head.remove_prefix(command_end);
    while (!(head = trimmed(head)).empty()) {
        auto const end = std::min(head.find(' '), head.size());
        auto const header = head.substr(0, end);
        auto const colon = header.find(':');
        BOOST_REQUIRE_MESSAGE(colon != header.npos, "no header: " << header);
        frame.add_header(unquoted(header.substr(0, colon)), unquoted(header.substr(colon + 1)));
        head.remove_prefix(end);
    }
    if (bar != line.npos)
        frame.set_body(unquoted(line.substr(bar + 3)));
    return frame;
}

std::string to_line(Frame const& frame)
{
    std::string line(frame.command());
    for (auto const header : frame.headers()) {
        if (!is_dull(frame, header.name))
            line += ' ' + in_quotes(header.name) + ':' + in_quotes(header.value);
    }
    if (!frame.body().empty() && frame.command() != "ERROR")
        line += " | " + in_quotes(frame.body());
    return line;
}

class Script::Recorder final : public Output
{
public:
    Recorder(Script& script, std::string name, std::uint64_t number)
        : script_(script), name_(std::move(name)), session(script.core_, *this, number, script.now_)
    {
    }

    void send(Frame const& frame) override { record(frame); }
    void confirm(std::string_view, std::string_view receipt) override
    {
        record(Frame("RECEIPT").add_header("receipt-id", receipt));
    }
    void deliver(Delivery const& delivery) override
    {
        auto frame = to_frame(delivery, session.version());
        auto const message_id = std::string(frame.header("message-id").value_or(""));
        BOOST_CHECK_MESSAGE(!message_id.empty() && script_.message_ids_.insert(message_id).second,
                            "'" << message_id << "' is no new message-id");
        auto const ack = frame.header("ack");
        messages.emplace_back(message_id, std::string(ack.value_or("")));
        frame.remove_header("message-id");
        if (ack)
            frame.set_header("ack", '#' + std::to_string(messages.size()));
        record(frame);
    }
    void heart_beat() override { script_.record_.push_back(name_ + "< beat"); }
    void close() override { script_.record_.push_back(name_ + "< closed"); }
    bool congested() const noexcept override { return is_congested; }

    bool is_congested = false;
    std::vector<std::pair<std::string, std::string>> messages; // the message-id and ack of those that were sent

private:
    void record(Frame const& frame)
    {
        script_.last_ = frame;
        script_.record_.push_back(name_ + "< " + to_line(frame));
    }

    Script& script_;
    std::string name_;

public:
    Session session;
};

Script::Script(BrokerConfig config) : core_(std::move(config)) {}

Script::~Script()
{
    for (auto const& [name, client] : clients_) // not while some of them are gone
        client->session.lost();
}

BrokerConfig Script::quiet()
{
    BrokerConfig config;
    config.heart_beat = HeartBeat();
    return config;
}

Script::Recorder& Script::client(std::string const& name)
{
    auto& client = clients_[name];
    if (!client)
        client = std::make_unique<Recorder>(*this, name, clients_.size());
    return *client;
}

Session& Script::session(std::string const& name)
{
    return client(name).session;
}

// Puts the broker's ids in the place of what stands for them.
void Script::put_ids(Frame& frame, Recorder& sender)
{
    if (frame.command() != "ACK" && frame.command() != "NACK")
        return;
    put_id(frame, "id", 'a', sender);
    put_id(frame, "message-id", 'm', sender);
}

void Script::put_id(Frame& frame, std::string_view header, char kind, Recorder& sender)
{
    std::string const value(frame.header(header).value_or(""));
    auto const mark = value.find('#');
    if (mark == value.npos)
        return;
    auto const dot = value.find('.');
    auto& of = dot < mark ? client(value.substr(0, dot)) : sender;
    if (mark != 0 && value[mark - 1] != '.')
        kind = value[mark - 1];
    std::size_t end = 0;
    auto const number = std::stoul(value.substr(mark + 1), &end);
    BOOST_REQUIRE(number >= 1 && number <= of.messages.size());
    auto const& [message_id, ack] = of.messages[number - 1];
    frame.set_header(header, (kind == 'a' ? ack : message_id) + value.substr(mark + 1 + end));
}

std::vector<std::string> Script::step(std::string_view line)
{
    auto const name_end = line.find_first_of("> ");
    std::string const name(line.substr(0, name_end));
    auto const action = trimmed(line.substr(name_end + 1));
    auto& it = client(name);
    bool const handshake = action.starts_with("CONNECT") || action.starts_with("STOMP");
    if (!it.session.is_connected() && !it.session.is_over() && !handshake && line[name_end] == '>') {
        auto const version = name.size() == 2 && name[1] >= '0' && name[1] <= '2' ? name[1] : '2';
        it.session.receive(parse_frame(std::string("CONNECT accept-version:1.") + version), now_);
        BOOST_REQUIRE(it.session.is_connected());
    }
    record_.clear();
    if (line[name_end] == '>') {
        auto frame = parse_frame(action);
        put_ids(frame, it);
        it.session.receive(std::move(frame), now_);
    } else if (action == "lost") {
        it.session.lost();
    } else if (action == "congested") {
        it.is_congested = true;
    } else if (action == "drained") {
        it.is_congested = false;
        it.session.drained();
    } else {
        BOOST_FAIL("no step: " << line);
    }
    return record_;
}

std::vector<std::string> Script::tick(std::string const& name, std::chrono::milliseconds since_start)
{
    now_ = start_ + since_start;
    record_.clear();
    client(name).session.tick(now_);
    return record_;
}

void Script::play(std::string_view text)
{
    std::vector<std::string> answers;
    std::string last_step = "the start";
    std::size_t checked = 0;
    auto const check_complete = [&] {
        for (; checked < answers.size(); ++checked)
            BOOST_ERROR("behind \"" << last_step << "\" came also \"" << answers[checked] << '"');
    };
    while (!text.empty()) {
        auto const end = std::min(text.find('\n'), text.size());
        auto const line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty())
            continue;
        auto const mark = line.find_first_of("<> ");
        if (line[mark] == '<') {
            BOOST_CHECK_MESSAGE(checked < answers.size() && answers[checked] == line,
                                "behind \"" << last_step << "\" expected \"" << line << "\", got \""
                                            << (checked < answers.size() ? answers[checked] : "nothing") << '"');
            ++checked;
            continue;
        }
        check_complete();
        last_step = line;
        answers = step(line);
        checked = 0;
    }
    check_complete();
}

} // namespace arbalest::broker::test
