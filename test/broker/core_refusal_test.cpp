#include "script.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace {

using arbalest::broker::test::parse_frame;
using arbalest::broker::test::Script;

struct Row
{
    std::string_view client; // its last letter is the version
    std::string_view frame;
    std::string_view message;
};

constexpr Row refused[] = {
    {"a2", "HELLO", "Unknown_command"},
    {"a2", "send destination:/queue/q", "Unknown_command"},
    {"a2", "MESSAGE destination:/queue/q", "Unknown_command"},
    {"a0", "NACK message-id:#1", "Unknown_command"},
    {"a2", "SEND", "Missing_header"},
    {"a2", "SEND destination:", "Invalid_destination"},
    {"a2", "SEND destination:/queue/q transaction:x", "Unknown_transaction"},
    {"a2", "SUBSCRIBE id:7", "Missing_header"},
    {"a2", "SUBSCRIBE destination:/queue/q", "Missing_header"},
    {"a1", "SUBSCRIBE destination:/queue/q", "Missing_header"},
    {"a0", "SUBSCRIBE id:7", "Missing_header"},
    {"a2", "SUBSCRIBE id:7 destination:", "Invalid_destination"},
    {"a2", "SUBSCRIBE id:1 destination:/queue/q", "Duplicate_subscription"},
    {"a2", "SUBSCRIBE id:7 destination:/queue/q ack:maybe", "Invalid_ack_header"},
    {"a2", "SUBSCRIBE id:7 destination:/queue/q ack:", "Invalid_ack_header"},
    {"a0", "SUBSCRIBE id:7 destination:/queue/q ack:client-individual", "Invalid_ack_header"},
    {"a2", "SUBSCRIBE id:7 destination:/queue/q prefetch-count:-1", "Invalid_prefetch-count_header"},
    {"a2", "SUBSCRIBE id:7 destination:/queue/q prefetch-count:many", "Invalid_prefetch-count_header"},
    {"a2", "SUBSCRIBE id:7 destination:/queue/q | body", "Unexpected_body"},
    {"a2", "SUBSCRIBE id:7 destination:/queue/q selector:x=1", "Unsupported_header"},
    {"a0", "SUBSCRIBE destination:/topic/t selector:x=1", "Unsupported_header"},
    {"a2", "SUBSCRIBE id:7 destination:/topic/*", "Invalid_destination"},
    {"a2", "SUBSCRIBE id:7 destination:/topic/a.*.b", "Invalid_destination"},
    {"a2", "SUBSCRIBE id:7 destination:/topic/a.#", "Invalid_destination"},
    {"a1", "SUBSCRIBE id:7 destination:/topic/a.>", "Invalid_destination"},
    {"a2", "SEND destination:/queue/q expires:soon", "Invalid_expires_header"},
    {"a2", "SEND destination:/queue/q expires:-1", "Invalid_expires_header"},
    {"a2", "SEND destination:/queue/q expires:", "Invalid_expires_header"},
    {"a1", "SUBSCRIBE id:7 destination:/queue/q | body", "Unexpected_body"},
    {"a0", "UNSUBSCRIBE id:7 | body", "Unexpected_body"},
    {"a2", "UNSUBSCRIBE id:7", "Unknown_subscription"},
    {"a2", "UNSUBSCRIBE destination:/queue/first", "Missing_header"},
    {"a0", "UNSUBSCRIBE", "Missing_header"},
    {"a0", "UNSUBSCRIBE destination:/queue/other", "Unknown_subscription"},
    {"a0", "UNSUBSCRIBE id:7", "Unknown_subscription"},
    {"a2", "ACK", "Missing_header"},
    {"a2", "ACK message-id:#1 subscription:1", "Missing_header"},
    {"a2", "ACK id:nonsense", "Unknown_message"},
    {"a2", "NACK id:nonsense", "Unknown_message"},
    {"a1", "ACK message-id:#1", "Missing_header"},
    {"a1", "ACK message-id:#1 subscription:2", "Unknown_subscription"},
    {"a1", "ACK id:m#1", "Missing_header"},
    {"a1", "ACK message-id:nonsense subscription:1", "Unknown_message"},
    {"a2", "ACK id:#1 transaction:x", "Unknown_transaction"},
    {"a2", "BEGIN", "Missing_header"},
    {"a2", "BEGIN transaction:open", "Duplicate_transaction"},
    {"a2", "COMMIT transaction:x", "Unknown_transaction"},
    {"a2", "COMMIT", "Missing_header"},
    {"a2", "ABORT transaction:x", "Unknown_transaction"},
};

BOOST_AUTO_TEST_SUITE(core_refusal)

// Every one is answered by ERROR with the receipt's id, and closes the connection or not as configured.
BOOST_AUTO_TEST_CASE(refused_frames)
{
    for (bool const closes : {true, false}) {
        for (auto const& [client, frame, message] : refused) {
            BOOST_TEST_CONTEXT(client << ' ' << frame)
            {
                auto config = Script::quiet();
                config.close_after_error = closes;
                Script script(config);
                auto const from = std::string(client) + "> ";
                script.step(from + "SUBSCRIBE id:1 destination:/queue/first ack:client");
                script.step(from + "SEND destination:/queue/first | 1");
                script.step(from + "BEGIN transaction:open");

                auto const bar = frame.find(" | ");
                auto const with_receipt = std::string(frame.substr(0, bar)) + " receipt:r" +
                                          std::string(bar == frame.npos ? "" : frame.substr(bar));
                auto expected = std::string(client) + "< ERROR message:" + std::string(message) + " receipt-id:r";
                if (closes)
                    expected += '\n' + std::string(client) + "< closed";
                script.play(from + with_receipt + '\n' + expected);
                BOOST_TEST(script.last_frame().header("content-type").value() == "text/plain");
                BOOST_TEST(!script.last_frame().body().empty());
                // Nothing has come of it.
                BOOST_TEST(script.core().stats("/queue/q").sent == 0u);
                BOOST_TEST(script.core().subscriptions() == (closes ? 0u : 1u));
                if (!closes)
                    script.play(std::string(client) + "> SEND destination:/queue/z receipt:after | x\n" +
                                std::string(client) + "< RECEIPT receipt-id:after");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(no_receipt_no_receipt_id)
{
    Script script;
    script.play(R"(
        a> HELLO
        a< ERROR message:Unknown_command
        a< closed
    )");
}

BOOST_AUTO_TEST_CASE(receipts_of_all_frames)
{
    Script script;
    script.play(R"(
        a> SUBSCRIBE id:1 destination:/queue/q ack:client-individual receipt:1
        a< RECEIPT receipt-id:1
        a> SEND destination:/queue/q receipt:2 | x
        a< MESSAGE subscription:1 destination:/queue/q ack:#1 | x
        a< RECEIPT receipt-id:2
        a> NACK id:#1 receipt:3
        a< MESSAGE subscription:1 destination:/queue/q ack:#2 redelivered:true | x
        a< RECEIPT receipt-id:3
        a> ACK id:#2 receipt:4
        a< RECEIPT receipt-id:4
        a> BEGIN transaction:t receipt:5
        a< RECEIPT receipt-id:5
        a> ABORT transaction:t receipt:6
        a< RECEIPT receipt-id:6
        a> BEGIN transaction:t receipt:7
        a< RECEIPT receipt-id:7
        a> COMMIT transaction:t receipt:8
        a< RECEIPT receipt-id:8
        a> UNSUBSCRIBE id:1 receipt:9
        a< RECEIPT receipt-id:9
        a> DISCONNECT receipt:10
        a< RECEIPT receipt-id:10
        a< closed
    )");
}

BOOST_AUTO_TEST_CASE(malformed_bytes_always_close)
{
    auto config = Script::quiet();
    config.close_after_error = false;
    Script script(config);
    script.step("a> BEGIN transaction:t");
    script.session("a").malformed("a header without a name");
    BOOST_TEST(script.last_frame().header("message").value() == "Malformed frame");
    BOOST_TEST(script.session("a").is_over());
    script.session("a").malformed("again");
}

// The decoder takes it for a value with a line feed, which only brokers are forgiven.
BOOST_AUTO_TEST_CASE(a_line_without_colon_in_1_0)
{
    Script script;
    script.play(R"(
        a0> SEND destination:/queue/q x:one\ntwo receipt:r | x
        a0< ERROR message:Malformed_frame
        a0< closed
    )");
}

BOOST_AUTO_TEST_CASE(a_receipt_that_1_0_cannot_say_before_connect)
{
    Script script;
    script.session("a").receive(parse_frame("SEND destination:/queue/q receipt:one\\ntwo"), script.now());
    BOOST_TEST(script.last_frame().command() == "ERROR");
    BOOST_TEST(!script.last_frame().has_header("receipt-id"));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
