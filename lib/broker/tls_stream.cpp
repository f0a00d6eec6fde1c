#include "tls_stream.hpp"

#include "server_tls.hpp"
#include "stream_engine.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace arbalest::broker {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// One write is done in several steps; this many bytes at a time, so that the connection sees that it gets on.
constexpr std::size_t write_size = std::size_t{64} << 10;

class TlsEngine final : public StreamEngine
{
public:
    TlsEngine(tcp::socket socket, std::shared_ptr<ssl::context> context)
        : context_(std::move(context)), stream_(std::move(socket), *context_)
    {
    }

    void open(User user) override
    {
        ServerTls::handshake(stream_, [self = self(), user = std::move(user)](error_code error) mutable {
            self->opened(error, std::move(user));
        });
    }

    void write_some(std::string_view bytes, User user) override
    {
        bytes = bytes.substr(0, write_size);
        writing_ = true;
        asio::async_write(stream_, asio::buffer(bytes.data(), bytes.size()),
                          [self = self(), user = std::move(user)](error_code error, std::size_t size) {
                              self->writing_ = false;
                              if (self->shut_down_)
                                  self->say_goodbye();
                              user->on_written(error, size);
                          });
    }

private:
    std::shared_ptr<TlsEngine> self() { return std::static_pointer_cast<TlsEngine>(shared_from_this()); }
    tcp::socket& socket() noexcept override { return stream_.next_layer(); }

    void read_open(std::span<char> into, User user) override
    {
        if (said_goodbye_)
            return read_end(std::move(user));
        stream_.async_read_some(asio::buffer(into.data(), into.size()),
                                [self = self(), user = std::move(user)](error_code error, std::size_t size) mutable {
                                    if (self->said_goodbye_)
                                        self->read_end(std::move(user));
                                    else
                                        user->on_read(error, size);
                                });
    }

    // What the peer still says nobody wants to know, and TLS cannot read it any more.
    void read_end(User user)
    {
        drain([user = std::move(user)](error_code error) { user->on_read(error, 0); });
    }

    void shut_down_open() override
    {
        shut_down_ = true;
        if (!writing_)
            say_goodbye();
    }

    void say_goodbye()
    {
        if (std::exchange(said_goodbye_, true))
            return;
        ServerTls::say_goodbye(stream_, [self = self()](error_code) { self->end_output(); });
    }

    std::shared_ptr<ssl::context> context_;
    ServerTls::Stream stream_;
    bool writing_ = false;
    bool shut_down_ = false;
    bool said_goodbye_ = false;
};

void check(error_code error, std::string_view field, std::string const& file)
{
    if (error)
        throw boost::system::system_error(error, "BrokerTls::" + std::string(field) + " \"" + file + '"');
}

} // namespace

std::shared_ptr<ssl::context> make_tls_context(BrokerTls const& config)
{
    if (config.context)
        return config.context;
    if (config.certificate_file.empty() || config.private_key_file.empty())
        throw std::invalid_argument("BrokerTls: a certificate and its private key are needed to listen with TLS");
    if (config.require_client_certificate && config.ca_file.empty())
        throw std::invalid_argument("BrokerTls: client certificates cannot be checked without a ca_file");
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                         ssl::context::no_tlsv1_1);
    // Otherwise OpenSSL would ask on the terminal.
    context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });
    error_code error;
    context->use_certificate_chain_file(config.certificate_file, error);
    check(error, "certificate_file", config.certificate_file);
    context->use_private_key_file(config.private_key_file, ssl::context::pem, error);
    check(error, "private_key_file", config.private_key_file);
    if (!config.ca_file.empty()) {
        context->load_verify_file(config.ca_file, error);
        check(error, "ca_file", config.ca_file);
        auto mode = ssl::verify_peer;
        if (config.require_client_certificate)
            mode |= ssl::verify_fail_if_no_peer_cert;
        context->set_verify_mode(mode);
        // Without it clients that were asked for a certificate could not resume a session.
        static constexpr unsigned char name[] = "arbalest-broker";
        SSL_CTX_set_session_id_context(context->native_handle(), name, sizeof name - 1);
    }
    return context;
}

std::unique_ptr<ByteStream> make_tls_stream(tcp::socket socket, std::shared_ptr<ssl::context> context)
{
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    auto strand = socket.get_executor();
    auto engine = std::make_shared<TlsEngine>(std::move(socket), std::move(context));
    return std::make_unique<StrandedStream>(std::move(strand), std::move(engine), false);
}

} // namespace arbalest::broker
