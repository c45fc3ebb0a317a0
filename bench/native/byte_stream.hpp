// A connected TCP socket, plain or with TLS on it, for the hand-written client.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "client.hpp"

namespace reqivo::bench {

/// Owns a file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int value) : value_(value) {}
  FileDescriptor(FileDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor();

  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

/// How far a read or a write came.
struct Progress {
  std::size_t bytes = 0;      ///< 0: the socket is not ready.
  bool more_at_hand = false;  ///< Only for a read: another one may yield bytes without waiting.
};

/// The bytes of one connection, not blocking once it is open. Errors, the end of the connection
/// included, are thrown as `std::runtime_error`.
class ByteStream {
 public:
  explicit ByteStream(FileDescriptor socket) : socket_(std::move(socket)) {}
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  virtual Progress read(std::span<char> buffer) = 0;
  virtual Progress write(std::string_view bytes) = 0;

  [[nodiscard]] int socket() const { return socket_.get(); }

 private:
  FileDescriptor socket_;
};

/// Opens connections to one target, one after the other: connect and handshake block.
class Connector {
 public:
  explicit Connector(const Target& target);

  [[nodiscard]] std::unique_ptr<ByteStream> connect() const;

 private:
  struct ContextDeleter {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  Target target_;
  std::unique_ptr<SSL_CTX, ContextDeleter> context_;  // Null for a plain target.
};

}  // namespace reqivo::bench
