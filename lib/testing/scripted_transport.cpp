#include <arbalest/protocol/error.hpp>
#include <arbalest/protocol/frame_decoder.hpp>
#include <arbalest/testing/scripted_transport.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace arbalest::testing {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Predicate = std::function<bool(Frame const&)>;

// One step. Those without an expectation are gone through at once.
class Step
{
public:
    Step() = default;

    std::string what; // that is expected
    std::string bytes;
    Predicate predicate;
    std::string head; // of the reply, with placeholders
    std::string reply;
    std::optional<error_code> end;

    bool expects() const noexcept { return !what.empty(); }
};

std::string printable(std::string_view bytes)
{
    constexpr std::size_t longest = 500;
    std::string text;
    for (char const byte : bytes.substr(0, longest)) {
        if (byte == '\n')
            text += "\\n";
        else if (byte == '\0')
            text += "\\0";
        else
            text += static_cast<unsigned char>(byte) < ' ' ? '?' : byte;
    }
    return '"' + text + (bytes.size() > longest ? "…\"" : "\"");
}

std::string fill_in(std::string text, Frame const& frame)
{
    for (auto const& header : frame.headers()) {
        auto const placeholder = '{' + std::string(header.name) + '}';
        for (auto at = text.find(placeholder); at != text.npos; at = text.find(placeholder, at + header.value.size()))
            text.replace(at, placeholder.size(), header.value);
    }
    return text;
}

} // namespace

class Script::State
{
public:
    explicit State(asio::any_io_executor executor) : executor_(std::move(executor)) {}

    void add(Step step)
    {
        steps_.push_back(std::move(step));
        go_on();
    }

    /// The transport is there.
    void begin() { go_on(); }

    void written(std::string_view bytes)
    {
        check_open();
        if (end_)
            throw boost::system::system_error(asio::error::broken_pipe);
        unexplained_ += bytes;
        go_on();
        check_open();
    }

    static asio::awaitable<std::size_t> read(std::shared_ptr<State> state, asio::mutable_buffer buffer)
    {
        for (;;) {
            state->check_open();
            if (!state->unread_.empty())
                break;
            if (state->end_)
                throw boost::system::system_error(*state->end_);
            error_code ignored;
            state->changed_.emplace(state->executor_, std::chrono::steady_clock::time_point::max());
            co_await state->changed_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        auto const size = std::min(buffer.size(), state->unread_.size());
        std::memcpy(buffer.data(), state->unread_.data(), size);
        state->unread_.erase(0, size);
        co_return size;
    }

    void abort() noexcept
    {
        aborted = true;
        wake();
    }

    // A script may outlive its io_context; what belongs to the io_context must not.
    void detach() noexcept
    {
        aborted = true;
        changed_.reset();
        executor_ = asio::any_io_executor();
    }

    std::string complaint() const
    {
        if (!failure_.empty())
            return failure_;
        if (next_ < steps_.size()) {
            return "step " + std::to_string(next_ + 1) + " of " + std::to_string(steps_.size()) +
                   " did not come: " + steps_[next_].what +
                   (unexplained_.empty() ? std::string() : "; there is " + printable(unexplained_));
        }
        return {};
    }

    asio::any_io_executor const& executor() const noexcept { return executor_; }

    std::vector<CloseReason> closed;
    bool attached = false;
    bool aborted = false;

private:
    void check_open() const
    {
        if (aborted)
            throw boost::system::system_error(asio::error::operation_aborted);
        if (!failure_.empty())
            throw boost::system::system_error(make_error_code(boost::system::errc::protocol_error));
    }

    void wake() noexcept
    {
        try {
            if (changed_)
                changed_->cancel();
        } catch (...) {
            // Without memory nothing goes on anyway.
        }
    }

    void fail(std::string what)
    {
        failure_ = std::move(what);
        wake();
    }

    // As far as what was written so far allows. Without a transport nothing happens yet.
    void go_on()
    {
        while (attached && failure_.empty()) {
            bool const is_over = next_ == steps_.size();
            // Heart-beats are skipped unless they are what is expected.
            if (is_over || !steps_[next_].bytes.starts_with('\n'))
                unexplained_.erase(0, unexplained_.find_first_not_of("\r\n"));
            if (is_over) {
                if (!unexplained_.empty())
                    fail("nothing more was expected, and there came " + printable(unexplained_));
                return;
            }
            auto const& step = steps_[next_];
            if (!step.expects())
                answer(step);
            else if (!(step.predicate ? matches_frame(step) : matches_bytes(step)))
                return;
            ++next_;
        }
    }

    void answer(Step const& step)
    {
        unread_ += fill_in(step.head, last_frame_);
        unread_ += step.reply;
        if (step.end)
            end_ = step.end;
        wake();
    }

    bool matches_bytes(Step const& step)
    {
        auto const size = std::min(step.bytes.size(), unexplained_.size());
        if (unexplained_.compare(0, size, step.bytes, 0, size) != 0) {
            differs(step, printable(unexplained_));
            return false;
        }
        if (size < step.bytes.size())
            return false;
        unexplained_.erase(0, size);
        return true;
    }

    bool matches_frame(Step const& step)
    {
        FrameDecoder decoder;
        std::optional<Frame> frame;
        try {
            decoder.feed(unexplained_);
            frame = decoder.next();
        } catch (MalformedFrame const& error) {
            differs(step, std::string("no frame: ") + error.what());
            return false;
        }
        if (!frame)
            return false;
        if (!step.predicate(*frame)) {
            differs(step, printable(unexplained_));
            return false;
        }
        unexplained_.erase(0, static_cast<std::size_t>(decoder.offset()));
        last_frame_ = std::move(*frame);
        return true;
    }

    void differs(Step const& step, std::string const& what)
    {
        fail("step " + std::to_string(next_ + 1) + " of " + std::to_string(steps_.size()) + " is " + step.what +
             ", and there came " + what);
    }

    asio::any_io_executor executor_;
    std::optional<asio::steady_timer> changed_; // waits for something to read
    std::deque<Step> steps_;
    std::size_t next_ = 0;
    std::string unexplained_; // written by the session
    std::string unread_;      // for the session
    std::optional<error_code> end_;
    Frame last_frame_;
    std::string failure_;
};

Script::Script(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

Script& Script::expect(std::string bytes)
{
    if (bytes.empty())
        throw std::invalid_argument("a script cannot expect nothing");
    Step step;
    step.what = "the bytes " + printable(bytes);
    step.bytes = std::move(bytes);
    state_->add(std::move(step));
    return *this;
}

Script& Script::expect(std::function<bool(Frame const&)> predicate, std::string what)
{
    if (!predicate)
        throw std::invalid_argument("a script needs a predicate that can be called");
    Step step;
    step.what = what.empty() ? std::string("a certain frame") : std::move(what);
    step.predicate = std::move(predicate);
    state_->add(std::move(step));
    return *this;
}

Script& Script::expect_frame(std::string command, std::vector<std::pair<std::string, std::string>> headers)
{
    auto what = "a frame " + command;
    for (auto const& [name, value] : headers)
        what += " with " + name + ':' + value;
    auto const matches = [command = std::move(command), headers = std::move(headers)](Frame const& frame) {
        return frame.command() == command && std::ranges::all_of(headers, [&](auto const& expected) {
                   auto const value = frame.header(expected.first);
                   return value && (expected.second.empty() || *value == expected.second);
               });
    };
    return expect(matches, std::move(what));
}

Script& Script::reply(std::string bytes)
{
    Step step;
    step.reply = std::move(bytes);
    state_->add(std::move(step));
    return *this;
}

Script& Script::reply_frame(std::string lines, std::string body)
{
    Step step;
    step.head = std::move(lines) + "\n\n";
    step.reply = std::move(body) + '\0';
    state_->add(std::move(step));
    return *this;
}

Script& Script::end(error_code code)
{
    Step step;
    step.end = code;
    state_->add(std::move(step));
    return *this;
}

bool Script::done() const
{
    return state_->complaint().empty();
}

void Script::verify() const
{
    auto const complaint = state_->complaint();
    if (!complaint.empty())
        throw std::logic_error("the script was not followed: " + complaint);
}

std::vector<CloseReason> const& Script::closed() const noexcept
{
    return state_->closed;
}

bool Script::aborted() const noexcept
{
    return state_->aborted;
}

ScriptedTransport::ScriptedTransport(Script script) : state_(std::move(script.state_))
{
    if (std::exchange(state_->attached, true))
        throw std::invalid_argument("the script has a transport already");
    state_->begin();
}

ScriptedTransport::~ScriptedTransport()
{
    state_->detach();
}

asio::any_io_executor ScriptedTransport::get_executor()
{
    return state_->executor();
}

asio::awaitable<std::size_t> ScriptedTransport::read_some(asio::mutable_buffer buffer)
{
    return Script::State::read(state_, buffer);
}

asio::awaitable<std::size_t> ScriptedTransport::write_some(asio::const_buffer buffer, std::span<std::size_t const>)
{
    state_->written(std::string_view(static_cast<char const*>(buffer.data()), buffer.size()));
    co_return buffer.size();
}

asio::awaitable<void> ScriptedTransport::close(CloseReason reason)
{
    state_->closed.push_back(reason);
    co_return;
}

void ScriptedTransport::abort() noexcept
{
    state_->abort();
}

} // namespace arbalest::testing
