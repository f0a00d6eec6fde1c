#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

struct ssl_ctx_st;
struct ssl_st;

namespace bench {

/// A connected socket that never blocks, plain or with TLS on top. Owns the descriptor.
class Channel
{
public:
    /// What a read or a write came to.
    enum class Status { done, would_block, closed };
    struct Result
    {
        Status status;
        std::size_t size = 0;
    };

    /// @param tls for the server's side of TLS; nullptr for none.
    Channel(int descriptor, ssl_ctx_st* tls);
    Channel(Channel const&) = delete;
    Channel& operator=(Channel const&) = delete;
    ~Channel();

    int descriptor() const noexcept { return descriptor_; }
    Result read(char* buffer, std::size_t size);
    Result write(std::string_view bytes);
    /// Whether TLS has decrypted more than was read, of which the socket knows nothing.
    bool has_pending() const;

private:
    struct FreeTls
    {
        void operator()(ssl_st* tls) const noexcept;
    };

    Result tls_result(int result);

    int descriptor_;
    std::unique_ptr<ssl_st, FreeTls> tls_;
};

} // namespace bench
