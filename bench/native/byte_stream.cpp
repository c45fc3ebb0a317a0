#include "byte_stream.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <stdexcept>
#include <string>
#include <system_error>

namespace reqivo::bench {

namespace {

// One read of this size takes several TLS records from the socket; OpenSSL's own default is one.
constexpr std::size_t tls_read_buffer_size = 128 * 1024;

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

[[noreturn]] void throw_tls(const char* what) {
  char text[256] = "closed by the server";
  if (const unsigned long error = ERR_get_error(); error != 0) {
    ERR_error_string_n(error, text, sizeof text);
  }
  throw std::runtime_error(std::string(what) + ": " + text);
}

int length_for_openssl(std::size_t size) {
  return size > INT_MAX ? INT_MAX : static_cast<int>(size);
}

class PlainStream : public ByteStream {
 public:
  using ByteStream::ByteStream;

  Progress read(std::span<char> buffer) override {
    const ssize_t count = ::recv(socket(), buffer.data(), buffer.size(), 0);
    if (count == 0) throw std::runtime_error("closed by the server");
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) return {};
      throw_errno("recv");
    }
    const auto bytes = static_cast<std::size_t>(count);
    return {bytes, bytes == buffer.size()};
  }

  Progress write(std::string_view bytes) override {
    const ssize_t count = ::send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) return {};
      throw_errno("send");
    }
    return {static_cast<std::size_t>(count), false};
  }
};

struct TlsDeleter {
  void operator()(SSL* tls) const { SSL_free(tls); }
};

using Tls = std::unique_ptr<SSL, TlsDeleter>;

class TlsStream : public ByteStream {
 public:
  TlsStream(FileDescriptor socket, Tls tls) : ByteStream(std::move(socket)), tls_(std::move(tls)) {}

  Progress read(std::span<char> buffer) override {
    const int count = SSL_read(tls_.get(), buffer.data(), length_for_openssl(buffer.size()));
    if (count <= 0) return not_ready(count, "SSL_read");
    return {static_cast<std::size_t>(count), SSL_has_pending(tls_.get()) == 1};
  }

  Progress write(std::string_view bytes) override {
    const int count = SSL_write(tls_.get(), bytes.data(), length_for_openssl(bytes.size()));
    if (count <= 0) return not_ready(count, "SSL_write");
    return {static_cast<std::size_t>(count), false};
  }

 private:
  Progress not_ready(int result, const char* what) {
    const int error = SSL_get_error(tls_.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) throw_tls(what);
    return {};
  }

  Tls tls_;
};

void connect_socket(int socket, const Target& target) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  if (::inet_pton(AF_INET, target.host.c_str(), &address.sin_addr) != 1) {
    throw std::invalid_argument("not an IPv4 address: " + target.host);
  }
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw_errno("connect");
  }
  const int on = 1;
  if (::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    throw_errno("setsockopt");
}

void stop_blocking(int socket) {
  const int flags = ::fcntl(socket, F_GETFL);
  if (flags < 0 || ::fcntl(socket, F_SETFL, flags | O_NONBLOCK) != 0) throw_errno("fcntl");
}

Tls shake_hands(SSL_CTX* context, int socket, const std::string& host) {
  Tls tls(SSL_new(context));
  if (tls == nullptr) throw_tls("SSL_new");
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), host.c_str()) != 1 ||
      SSL_set_fd(tls.get(), socket) != 1) {
    throw_tls("SSL_set_fd");
  }
  if (SSL_connect(tls.get()) != 1) throw_tls("SSL_connect");
  return tls;
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (value_ >= 0) ::close(value_);
}

Connector::Connector(const Target& target) : target_(target) {
  if (!target.tls) return;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (context_ == nullptr) throw_tls("SSL_CTX_new");
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_read_ahead(context_.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context_.get(), tls_read_buffer_size);
  if (SSL_CTX_load_verify_locations(context_.get(), target.ca_file.c_str(), nullptr) != 1) {
    throw_tls("SSL_CTX_load_verify_locations");
  }
}

std::unique_ptr<ByteStream> Connector::connect() const {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) throw_errno("socket");
  connect_socket(socket.get(), target_);
  if (context_ == nullptr) {
    stop_blocking(socket.get());
    return std::make_unique<PlainStream>(std::move(socket));
  }
  Tls tls = shake_hands(context_.get(), socket.get(), target_.host);
  stop_blocking(socket.get());
  return std::make_unique<TlsStream>(std::move(socket), std::move(tls));
}

}  // namespace reqivo::bench
