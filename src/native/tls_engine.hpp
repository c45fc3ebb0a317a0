// TLS between byte strings: sans-IO, knows no sockets. OpenSSL behind a BIO of our own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "native/tls_context.hpp"
#include "platform/failure.hpp"

namespace reqivo::native {

/// One client connection's TLS. Ciphertext goes in by `receive`, comes out by `pending_output`;
/// plaintext the other way. Verification is on unless the options say otherwise: chain, validity,
/// host name (RFC 9525, or the address for an IP literal); SNI is sent for names (never for
/// addresses); ALPN offers http/1.1.
class TlsEngine {
 public:
  /// `host` as in `Url::host()` (IPv6 in brackets). Sessions are resumed by host and `port`. Throws
  /// std::bad_alloc.
  TlsEngine(std::shared_ptr<TlsContext> context, std::string_view host, std::uint16_t port);
  ~TlsEngine();
  TlsEngine(TlsEngine&&) noexcept;
  TlsEngine& operator=(TlsEngine&&) noexcept;

  enum class Progress {
    done,        ///< handshake finished / the read gave bytes
    want_input,  ///< flush `pending_output`, then feed ciphertext by `receive`
    closed,      ///< the peer sent close_notify: a proper end
    failed,      ///< see `failure()`
  };
  /// Takes the handshake as far as the bytes at hand allow. After each call, send `pending_output`,
  /// also after `failed` (it holds the alert). A refused certificate is `failed` with a text such
  /// as "certificate has expired" or "host name mismatch: the certificate is for wrong.example".
  Progress handshake();
  /// Ciphertext from the peer; copied.
  void receive(std::string_view ciphertext);
  /// Decrypts into `to` as many records as are there and fit; `got` bytes > 0 with `done`. Handles
  /// session tickets and key updates silently. Only after the handshake.
  Progress read(char* to, std::size_t size, std::size_t& got);
  /// `receive` and `read` in one, which copies only what the read leaves of `ciphertext`.
  Progress read(std::string_view ciphertext, char* to, std::size_t size, std::size_t& got);
  /// True where another `read` would ask for more input, for all that is known without trying it.
  [[nodiscard]] bool quiet() const noexcept;
  /// Encrypts `plaintext` whole into the pending output. Only after the handshake. False: see
  /// `failure()`.
  bool write(std::string_view plaintext);
  /// Gives large buffers back, for a connection that will lie idle.
  void release_memory() noexcept;
  /// Puts close_notify into the pending output.
  void shutdown();
  /// The connection's bytes ended without close_notify (RFC 8446 §6.1): sets `failure()` to
  /// `connection_closed`, phase body; the caller decides by HTTP framing whether the body is whole.
  /// During the handshake it is a failure `tls`. Read first what was received: after this, `read`
  /// gives `failed`.
  void peer_vanished();
  /// Ciphertext that is to be sent now. Take it; the engine then starts anew.
  [[nodiscard]] std::string& pending_output() noexcept;
  [[nodiscard]] const detail::Failure& failure() const noexcept;
  /// "http/1.1", or empty where the peer chose nothing.
  [[nodiscard]] std::string_view negotiated_protocol() const noexcept;
  /// True where this handshake resumed an earlier session of the context.
  [[nodiscard]] bool resumed() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reqivo::native
