#include "channel.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

namespace {

Channel::Result socket_result(ssize_t size)
{
    if (size > 0)
        return {Channel::Status::done, static_cast<std::size_t>(size)};
    bool const later = size < 0 && (errno == EAGAIN || errno == EINTR);
    return {later ? Channel::Status::would_block : Channel::Status::closed};
}

int int_size(std::size_t size)
{
    return static_cast<int>(std::min<std::size_t>(size, INT_MAX));
}

} // namespace

void Channel::FreeTls::operator()(ssl_st* tls) const noexcept
{
    SSL_free(tls);
}

Channel::Channel(int descriptor, ssl_ctx_st* tls) : descriptor_(descriptor)
{
    int const on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!tls)
        return;
    tls_.reset(SSL_new(tls));
    if (!tls_ || SSL_set_fd(tls_.get(), descriptor_) != 1)
        throw std::bad_alloc();
    SSL_set_accept_state(tls_.get());
}

Channel::~Channel()
{
    tls_.reset();
    close(descriptor_);
}

Channel::Result Channel::tls_result(int result)
{
    if (result > 0)
        return {Status::done, static_cast<std::size_t>(result)};
    auto const reason = SSL_get_error(tls_.get(), result);
    ERR_clear_error();
    return {reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE ? Status::would_block : Status::closed};
}

Channel::Result Channel::read(char* buffer, std::size_t size)
{
    if (tls_)
        return tls_result(SSL_read(tls_.get(), buffer, int_size(size)));
    return socket_result(::recv(descriptor_, buffer, size, 0));
}

Channel::Result Channel::write(std::string_view bytes)
{
    if (tls_)
        return tls_result(SSL_write(tls_.get(), bytes.data(), int_size(bytes.size())));
    return socket_result(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

bool Channel::has_pending() const
{
    return tls_ && SSL_pending(tls_.get()) > 0;
}

} // namespace bench
