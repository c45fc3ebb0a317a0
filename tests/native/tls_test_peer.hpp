// The server side of TLS for tests of the client: OpenSSL itself, over memory BIOs.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/openssl_handles.hpp"
#include "native/tls_engine.hpp"
#include "test_certificates.hpp"

namespace reqivo::testing {

/// How a server behaves: one per listening "port"; makes TLS sessions that its connections can
/// resume.
class TlsTestServer {
 public:
  TlsTestServer(const Identity& identity, const std::vector<const Identity*>& chain = {});
  /// Speaks this version only (TLS1_2_VERSION and so on).
  TlsTestServer& only_version(int version);
  /// Wants a client certificate that `authority` signed.
  TlsTestServer& require_client_certificate(const Identity& authority);
  /// Answers ALPN with this, whatever was offered.
  TlsTestServer& choose_protocol(std::string name);
  /// Does not resume.
  TlsTestServer& forget_sessions();

  [[nodiscard]] SSL_CTX* context() const noexcept { return context_.get(); }

 private:
  native::SslContextHandle context_;
  std::unique_ptr<std::string> protocol_;
};

/// One accepted connection.
class TlsTestConnection {
 public:
  explicit TlsTestConnection(const TlsTestServer& server);

  void feed(std::string_view ciphertext);
  /// What the server has to say on the wire now; empties it.
  [[nodiscard]] std::string take_output();
  /// Goes on with the handshake, then reads what there is into `received`.
  void advance();
  void send(std::string_view plaintext);
  void close_notify();

  [[nodiscard]] const std::string& received() const noexcept { return received_; }
  [[nodiscard]] bool connected() const noexcept;
  [[nodiscard]] bool saw_close_notify() const noexcept;
  /// What the client asked for by SNI; empty without.
  [[nodiscard]] std::string server_name() const;
  /// The protocols that the client offered by ALPN, as on the wire.
  [[nodiscard]] std::string offered_protocols() const { return offered_; }
  [[nodiscard]] std::string client_common_name() const;
  [[nodiscard]] int version() const noexcept { return SSL_version(ssl_.get()); }
  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }

 private:
  native::SslHandle ssl_;
  std::string received_;
  std::string offered_;
};

/// Carries bytes between both, at most `slice` to the client at a time, until nobody has more to
/// say or the client's handshake ended.
native::TlsEngine::Progress shake_hands(native::TlsEngine& client, TlsTestConnection& server,
                                        std::size_t slice = 4096);

/// Moves the client's output to the server, and lets that go on.
void carry_to_server(native::TlsEngine& client, TlsTestConnection& server);

/// Moves the server's output to the client and reads all that is there; `progress` is the last one.
std::string read_all(native::TlsEngine& client, TlsTestConnection& server,
                     native::TlsEngine::Progress& progress, std::size_t slice = 4096);

}  // namespace reqivo::testing
