#include "broker/delivery.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace std::string_literals;
using arbalest::Frame;
using arbalest::StompVersion;
using arbalest::broker::append_message;
using arbalest::broker::append_receipt;
using arbalest::broker::Delivery;

std::string encoded(Frame const& send, StompVersion version, std::string_view ack = {}, bool redelivered = false)
{
    Delivery delivery{std::make_shared<Frame const>(send), "/queue/q", "s:1", "m-1", ack, redelivered};
    std::string out = "before";
    append_message(out, delivery, version);
    BOOST_REQUIRE(out.starts_with("before"));
    return out.substr(6);
}

BOOST_AUTO_TEST_SUITE(delivery)

BOOST_AUTO_TEST_CASE(headers_are_passed_on_and_the_senders_own_are_not)
{
    Frame send("SEND");
    send.add_header("destination", "elsewhere").add_header("receipt", "r").add_header("transaction", "t");
    send.add_header("content-type", "text/plain").add_header("x", "1").add_header("x", "2");
    send.add_header("message-id", "m").add_header("subscription", "s").add_header("ack", "a");
    send.add_header("redelivered", "perhaps").add_header("persistent", "true").add_header("receipt2", "r");
    send.set_body("body");
    BOOST_TEST(encoded(send, StompVersion::v1_2, "a-1", true) ==
               "MESSAGE\nsubscription:s\\c1\nmessage-id:m-1\ndestination:/queue/q\nack:a-1\nredelivered:true\n"
               "content-type:text/plain\nx:1\nx:2\npersistent:true\nreceipt2:r\ncontent-length:4\n\nbody\0"s);
}

BOOST_AUTO_TEST_CASE(content_length)
{
    Frame send("SEND");
    auto const head = "MESSAGE\nsubscription:s\\c1\nmessage-id:m-1\ndestination:/queue/q\n"s;
    BOOST_TEST(encoded(send, StompVersion::v1_2) == head + "\n\0"s);
    send.add_header("content-length", "0");
    BOOST_TEST(encoded(send, StompVersion::v1_2) == head + "content-length:0\n\n\0"s);
    send.remove_header("content-length");
    send.set_body("a\0b\xff\n"s);
    BOOST_TEST(encoded(send, StompVersion::v1_2) == head + "content-length:5\n\na\0b\xff\n\0"s);
}

BOOST_AUTO_TEST_CASE(escapes_by_version)
{
    Frame send("SEND");
    send.add_header("a:b", "1\n2:3\\4\r5").add_header("plain", "x:y");
    BOOST_TEST(
        encoded(send, StompVersion::v1_2) ==
        "MESSAGE\nsubscription:s\\c1\nmessage-id:m-1\ndestination:/queue/q\na\\cb:1\\n2\\c3\\\\4\\r5\nplain:x\\cy\n\n\0"s);
    BOOST_TEST(
        encoded(send, StompVersion::v1_1) ==
        "MESSAGE\nsubscription:s\\c1\nmessage-id:m-1\ndestination:/queue/q\na\\cb:1\\n2\\c3\\\\4\r5\nplain:x\\cy\n\n\0"s);
    // What 1.0 cannot say is left out, an empty value as well.
    send.add_header("empty", "");
    BOOST_TEST(encoded(send, StompVersion::v1_0) ==
               "MESSAGE\nsubscription:s:1\nmessage-id:m-1\ndestination:/queue/q\nplain:x:y\n\n\0"s);
}

BOOST_AUTO_TEST_CASE(receipt)
{
    std::string out;
    append_receipt(out, "r:1", StompVersion::v1_2);
    append_receipt(out, "r:1", StompVersion::v1_0);
    BOOST_TEST(out == "RECEIPT\nreceipt-id:r\\c1\n\n\0RECEIPT\nreceipt-id:r:1\n\n\0"s);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
