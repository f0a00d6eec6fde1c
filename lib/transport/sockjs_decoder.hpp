#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace arbalest::detail {

/// Takes SockJS's frames apart (sockjs-protocol 0.3.3), wherever the bytes are cut: each says itself where it ends.
/// Strings are handed on as they come, so that it never holds more than it is given at a time, and limits are a matter
/// of who reads what is in them.
class SockJsDecoder
{
public:
    SockJsDecoder();
    ~SockJsDecoder();

    /// Bytes from the peer. Throws boost::system::system_error when they are no SockJS frames or come in the wrong
    /// order, and PeerClosed when the peer closes.
    void take(std::string_view bytes);

    /// What there is for STOMP. The caller takes it away.
    std::string ready;

private:
    class Array;

    void take_type(char type);

    std::unique_ptr<Array> array_;
    bool is_open_ = false; // "o" has come
    char inside_ = '\0';   // the type of the frame whose array is being read
};

} // namespace arbalest::detail
