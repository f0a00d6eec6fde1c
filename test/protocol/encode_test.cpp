#include "wire_vector.hpp"
#include <arbalest/protocol/encode.hpp>
#include <arbalest/protocol/error.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace encode_tests {

using arbalest::ContentLength;
using arbalest::Frame;
using arbalest::InvalidFrame;
using arbalest::StompVersion;

constexpr auto v1_0 = StompVersion::v1_0;
constexpr auto v1_1 = StompVersion::v1_1;
constexpr auto v1_2 = StompVersion::v1_2;

Frame make(std::string_view command, wire::Headers headers = {}, std::string_view body = {})
{
    Frame frame(wire::bytes(command));
    for (auto const& [name, value] : headers)
        frame.add_header(wire::bytes(name), wire::bytes(value));
    return frame.set_body(wire::bytes(body));
}

struct Row
{
    std::vector<StompVersion> versions;
    Frame frame;
    std::string expected;
    ContentLength content_length = ContentLength::automatic;
};

void check_encoded(std::vector<Row> const& rows)
{
    for (auto const& [versions, frame, expected, content_length] : rows) {
        for (auto const version : versions) {
            BOOST_TEST_CONTEXT(version << ": " << expected)
            {
                std::string out = "before";
                encode(frame, version, out, content_length);
                BOOST_TEST(out == "before" + wire::bytes(expected));
                BOOST_CHECK_NO_THROW(check_encodable(frame, version, content_length));
            }
        }
    }
}

struct Refused
{
    std::vector<StompVersion> versions;
    Frame frame;
    std::string_view header;
    std::string_view reason;
    ContentLength content_length = ContentLength::automatic;
};

void check_refused(std::vector<Refused> const& rows)
{
    for (auto const& row : rows) {
        for (auto const version : row.versions) {
            BOOST_TEST_CONTEXT(version << ": " << row.reason)
            {
                auto const as_expected = [&](InvalidFrame const& failure) {
                    BOOST_TEST(failure.header() == row.header);
                    BOOST_TEST(std::string_view(failure.what()).find(row.reason) != std::string_view::npos,
                               failure.what());
                    BOOST_TEST((failure.outcome() == arbalest::Outcome::not_sent));
                    return true;
                };
                std::string out = "before";
                BOOST_CHECK_EXCEPTION(encode(row.frame, version, out, row.content_length), InvalidFrame, as_expected);
                BOOST_TEST(out == "before");
                BOOST_CHECK_EXCEPTION(check_encodable(row.frame, version, row.content_length), InvalidFrame,
                                      as_expected);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE(encode_frames)

BOOST_AUTO_TEST_CASE(shape)
{
    check_encoded({
        {{v1_0, v1_1, v1_2}, make("DISCONNECT"), "DISCONNECT\n\n^@"},
        {{v1_0, v1_1, v1_2}, make("DISCONNECT", {{"receipt", "1"}}), "DISCONNECT\nreceipt:1\n\n^@"},
        {{v1_1, v1_2}, make("SEND", {{"a", ""}, {"b", " c "}}), "SEND\na:\nb: c \n\n^@"},
        {{v1_0, v1_1, v1_2}, make("CONNECT", {{"passcode", ""}}), "CONNECT\npasscode:\n\n^@"},
        {{v1_0, v1_1, v1_2}, make("SEND", {{"a", "1"}, {"b", "2"}, {"a", "3"}}), "SEND\na:1\nb:2\na:3\n\n^@"},
        {{v1_0, v1_1, v1_2}, make("X", {}, "any"), "X\ncontent-length:3\n\nany^@"},
        {{v1_0, v1_1, v1_2}, make("SEND", {{"\xc3\xa4", "\xff"}}), "SEND\n\xc3\xa4:\xff\n\n^@"},
        {{v1_1, v1_2}, make("NACK", {{"id", "1"}}), "NACK\nid:1\n\n^@"},
    });
}

BOOST_AUTO_TEST_CASE(escapes_by_version)
{
    check_encoded({
        {{v1_2}, make("SEND", {{"a", "\r\n:\\"}}), "SEND\na:\\r\\n\\c\\\\\n\n^@"},
        {{v1_1}, make("SEND", {{"a", "\n:\\"}}), "SEND\na:\\n\\c\\\\\n\n^@"},
        {{v1_0}, make("SEND", {{"a", ":\\"}}), "SEND\na::\\\n\n^@"},
        {{v1_2}, make("SEND", {{"\r\n:\\", "a"}}), "SEND\n\\r\\n\\c\\\\:a\n\n^@"},
        {{v1_1}, make("SEND", {{"\n:\\", "a"}}), "SEND\n\\n\\c\\\\:a\n\n^@"},
        {{v1_0}, make("SEND", {{"\\", "a"}}), "SEND\n\\:a\n\n^@"},
        // What a broker sends may have one, which is no line end there.
        {{v1_1}, make("MESSAGE", {{"a", "\r\n:"}}), "MESSAGE\na:\r\\n\\c\n\n^@"},
        {{v1_0}, make("ERROR", {{"message", "a\rb"}}), "ERROR\nmessage:a\rb\n\n^@"},
        {{v1_1, v1_2}, make("SEND", {{"a", "\\n"}}), "SEND\na:\\\\n\n\n^@"},
        {{v1_0}, make("SEND", {{"a", "\\n"}}), "SEND\na:\\n\n\n^@"},
        {{v1_1, v1_2}, make("MESSAGE", {{"x:", ":x"}, {"b", "c"}}), "MESSAGE\nx\\c:\\cx\nb:c\n\n^@"},
        // Bodies are never escaped.
        {{v1_0, v1_1, v1_2}, make("SEND", {}, "\r\n:\\"), "SEND\ncontent-length:4\n\n\r\n:\\^@"},
    });
}

// RabbitMQ refuses it.
BOOST_AUTO_TEST_CASE(a_client_sends_no_carriage_return_that_it_cannot_escape)
{
    check_refused({
        {{v1_0, v1_1}, make("SEND", {{"a", "b\rc"}}), "a", "carriage return"},
        {{v1_0, v1_1}, make("SEND", {{"a", "b\r"}}), "a", "carriage return"},
        {{v1_0, v1_1}, make("SUBSCRIBE", {{"id", "1"}, {"\ra", "b"}}), "\\ra", "carriage return"},
        {{v1_0, v1_1}, make("ACK", {{"message-id", "\r"}}), "message-id", "carriage return"},
    });
}

BOOST_AUTO_TEST_CASE(handshake_frames_are_never_escaped)
{
    check_encoded({
        {{v1_0, v1_1, v1_2}, make("CONNECT", {{"passcode", "a:b\\c\\n"}}), "CONNECT\npasscode:a:b\\c\\n\n\n^@"},
        {{v1_0, v1_1, v1_2}, make("STOMP", {{"pass\\code", ":"}}), "STOMP\npass\\code::\n\n^@"},
        {{v1_0, v1_1, v1_2}, make("CONNECTED", {{"session", "a:\\"}}), "CONNECTED\nsession:a:\\\n\n^@"},
    });
}

BOOST_AUTO_TEST_CASE(content_length)
{
    auto const as_given = ContentLength::as_given;
    check_encoded({
        {{v1_0, v1_1, v1_2}, make("SEND", {{"a", "b"}}, "hello"), "SEND\na:b\ncontent-length:5\n\nhello^@"},
        {{v1_0, v1_1, v1_2}, make("SEND", {}, "a^@b"), "SEND\ncontent-length:3\n\na^@b^@"},
        {{v1_0, v1_1, v1_2}, make("SEND", {}, ""), "SEND\n\n^@"},
        {{v1_0, v1_1, v1_2}, make("SEND", {}, "hello"), "SEND\n\nhello^@", as_given},
        {{v1_0, v1_1, v1_2}, make("SEND", {}, ""), "SEND\n\n^@", as_given},
        // One of the caller's own is kept where it stands, and none is added.
        {{v1_2},
         make("SEND", {{"content-length", "5"}, {"a", "b"}}, "hello"),
         "SEND\ncontent-length:5\na:b\n\nhello^@"},
        {{v1_2}, make("SEND", {{"content-length", "3"}}, "a^@b"), "SEND\ncontent-length:3\n\na^@b^@", as_given},
        {{v1_2}, make("SEND", {{"content-length", "0"}}), "SEND\ncontent-length:0\n\n^@"},
        {{v1_2}, make("RECEIPT", {{"content-length", "0"}}), "RECEIPT\ncontent-length:0\n\n^@"},
        {{v1_2}, make("SEND", {{"content-length", "005"}}, "hello"), "SEND\ncontent-length:005\n\nhello^@"},
        // The first one counts; what stands behind is history.
        {{v1_2},
         make("SEND", {{"content-length", "1"}, {"content-length", "7"}}, "x"),
         "SEND\ncontent-length:1\ncontent-length:7\n\nx^@"},
        {{v1_2}, make("SEND", {{"Content-Length", "9"}}, "x"), "SEND\nContent-Length:9\ncontent-length:1\n\nx^@"},
    });
    check_refused({
        {{v1_0, v1_1, v1_2},
         make("SEND", {{"content-length", "4"}}, "hello"),
         "content-length",
         "is not the body's size"},
        {{v1_2}, make("SEND", {{"content-length", "6"}}, "hello"), "content-length", "is 5"},
        {{v1_2}, make("SEND", {{"content-length", "1"}}), "content-length", "is 0"},
        {{v1_2}, make("SEND", {{"content-length", ""}}), "content-length", "is 0"},
        {{v1_0}, make("SEND", {{"a", "1"}, {"b", ""}}), "b", "without a value"},
        {{v1_0}, make("SUBSCRIBE", {{"id", ""}}), "id", "without a value"},
        {{v1_2}, make("SEND", {{"content-length", "-5"}}, "hello"), "content-length", "'-5'"},
        {{v1_2}, make("SEND", {{"content-length", "+5"}}, "hello"), "content-length", "'+5'"},
        {{v1_2}, make("SEND", {{"content-length", " 5"}}, "hello"), "content-length", "' 5'"},
        {{v1_2}, make("SEND", {{"content-length", "5 "}}, "hello"), "content-length", "'5 '"},
        {{v1_2}, make("SEND", {{"content-length", "18446744073709551621"}}, "hello"), "content-length", "is 5"},
        {{v1_2}, make("SEND", {{"content-length", "4"}, {"content-length", "5"}}, "hello"), "content-length", "'4'"},
        {{v1_2}, make("SEND", {{"content-length", "4"}}, "hello"), "content-length", "is 5", as_given},
        {{v1_0, v1_1, v1_2}, make("SEND", {}, "a^@b"), "", "NUL", as_given},
        {{v1_0, v1_1, v1_2}, make("SEND", {}, "^@"), "", "NUL", as_given},
    });
}

// Usual ones are checked while they are copied, in pieces: no byte in any of them may slip through, and none behind may
// be taken for one.
BOOST_AUTO_TEST_CASE(escapes_wherever_they_stand)
{
    for (std::size_t size = 1; size <= 50; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (auto const& [byte, escaped] :
                 {std::pair('\n', "\\n"), std::pair(':', "\\c"), std::pair('\\', "\\\\")}) {
                std::string text(size, 'a');
                text[at] = byte;
                std::string const wanted = std::string(at, 'a') + escaped + std::string(size - at - 1, 'a');
                Frame frame("SEND", {"destination", text}, "::\n:");
                frame.add_header(text, "\r");
                std::string out = "before";
                encode(frame, v1_2, out);
                BOOST_REQUIRE_EQUAL(out, "beforeSEND\ndestination:" + wanted + "\n" + wanted +
                                             ":\\r\ncontent-length:4\n\n::\n:" + std::string(1, '\0'));
            }
        }
        std::string const plain(size, 'a');
        for (std::size_t body = 0; body <= 40; ++body) {
            Frame frame("SEND", {plain, plain}, std::string(body, ':'));
            std::string out;
            encode(frame, v1_2, out);
            auto const length = body == 0 ? std::string() : "content-length:" + std::to_string(body) + "\n";
            BOOST_REQUIRE_EQUAL(out, "SEND\n" + plain + ":" + plain + "\n" + length + "\n" + std::string(body, ':') +
                                         std::string(1, '\0'));
        }
    }
}

BOOST_AUTO_TEST_CASE(commands)
{
    check_refused({
        {{v1_0, v1_1, v1_2}, Frame(), "", "needs a command"},
        {{v1_0, v1_1, v1_2}, make("", {{"a", "b"}}), "", "needs a command"},
        {{v1_0, v1_1, v1_2}, make("SE ND"), "", "'SE ND' is no command"},
        {{v1_0, v1_1, v1_2}, make("SEND\n"), "", "'SEND\\n' is no command"},
        {{v1_0, v1_1, v1_2}, make("SEND\r"), "", "no command"},
        {{v1_0, v1_1, v1_2}, make("SE^@ND"), "", "no command"},
        {{v1_0, v1_1, v1_2}, make("SEND:"), "", "no command"},
        {{v1_0, v1_1, v1_2}, make("S\xc3\x84ND"), "", "no command"},
        {{v1_0, v1_1, v1_2}, make("\x7f"), "", "no command"},
        {{v1_0}, make("NACK", {{"message-id", "1"}}), "", "no NACK"},
    });
}

BOOST_AUTO_TEST_CASE(headers_that_cannot_be_said)
{
    check_refused({
        {{v1_0, v1_1, v1_2}, make("SEND", {{"", "b"}}), "", "needs a name"},
        {{v1_0, v1_1, v1_2}, make("SEND", {{"a", "b"}, {"", ""}}), "", "needs a name"},
        {{v1_0, v1_1, v1_2}, make("SEND", {{"a", "b^@c"}}), "a", "NUL"},
        {{v1_0, v1_1, v1_2}, make("SEND", {{"a^@", "b"}}), "a\\x00", "NUL"},
        {{v1_0, v1_1, v1_2}, make("CONNECT", {{"login", "b^@"}}), "login", "NUL"},
        // No escapes in 1.0 and before the version is known.
        {{v1_0}, make("SEND", {{"a", "b\nc"}}), "a", "line feed"},
        {{v1_0}, make("SEND", {{"good", "one"}, {"a\n", "b"}}), "a\\n", "line feed"},
        {{v1_0}, make("SEND", {{"a:b", "c"}}), "a:b", "colon"},
        {{v1_0, v1_1, v1_2}, make("CONNECT", {{"passcode", "b\nc"}}), "passcode", "line feed"},
        {{v1_0, v1_1, v1_2}, make("CONNECT", {{"pass\ncode", "b"}}), "pass\\ncode", "line feed"},
        {{v1_0, v1_1, v1_2}, make("STOMP", {{"a:b", "c"}}), "a:b", "colon"},
        {{v1_0, v1_1, v1_2}, make("CONNECTED", {{"session", "a\r"}}), "session", "carriage return"},
        {{v1_0, v1_1, v1_2}, make("CONNECT", {{"a\rb", "c"}}), "a\\rb", "carriage return"},
    });
}

// A refused passcode must not show up in a log by way of what().
BOOST_AUTO_TEST_CASE(refusals_do_not_quote_values)
{
    for (auto const& frame : {make("CONNECT", {{"passcode", "secret\n"}}), make("CONNECT", {{"passcode", "secret^@"}}),
                              make("CONNECT", {{"", "secret"}}), make("CONNECT", {{"pass:code", "secret"}})}) {
        std::string out;
        BOOST_CHECK_EXCEPTION(encode(frame, v1_2, out), InvalidFrame, [](InvalidFrame const& failure) {
            return std::string_view(failure.what()).find("secret") == std::string_view::npos;
        });
    }
}

BOOST_AUTO_TEST_CASE(frames_without_a_body)
{
    for (auto const* const command : {"CONNECT", "STOMP", "CONNECTED", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK",
                                      "BEGIN", "COMMIT", "ABORT", "DISCONNECT", "RECEIPT"}) {
        check_refused({
            {{v1_1, v1_2}, make(command, {}, "body"), "", "has no body"},
            {{v1_1, v1_2}, make(command, {}, "body"), "", "has no body", ContentLength::as_given},
            {{v1_1, v1_2}, make(command, {{"content-length", "4"}}, "body"), "", "has no body"},
        });
    }
    for (auto const* const command : {"SEND", "MESSAGE", "ERROR"})
        check_encoded(
            {{{v1_0, v1_1, v1_2}, make(command, {}, "x"), std::string(command) + "\ncontent-length:1\n\nx^@"}});
}

BOOST_AUTO_TEST_CASE(large)
{
    std::string const value(200000, ':');
    std::string const body(3000000, '\0');
    Frame frame("SEND");
    frame.add_header("a", value).set_body(body);
    std::string out;
    encode(frame, v1_2, out);
    std::string expected = "SEND\na:";
    for (std::size_t i = 0; i < value.size(); ++i)
        expected += "\\c";
    expected += "\ncontent-length:3000000\n\n" + body + '\0';
    BOOST_TEST((out == expected));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace encode_tests
