// The server side of TLS connections over real sockets, moved step by step by the test.
#pragma once

#include <openssl/ssl.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <reqivo/async.hpp>
#include <reqivo/options.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "local_peer.hpp"
#include "test_certificates.hpp"
#include "tls_test_peer.hpp"

namespace reqivo::test {

/// The authority that the servers of these tests are certified by, and trust in nobody else.
inline const testing::Identity& own_authority() {
  static const testing::Identity made =
      testing::CertificateRequest("Own Authority").authority().issue(nullptr);
  return made;
}

inline const testing::Identity& own_server() {
  static const testing::Identity made =
      testing::CertificateRequest("own").alternative("DNS:localhost").issue(&own_authority());
  return made;
}

inline TlsOptions trusting_own() { return TlsOptions().ca_pem(own_authority().certificate_pem()); }

/// The server's side of one TLS connection over a socket.
class TlsPeer {
 public:
  TlsPeer(const testing::TlsTestServer& server, LocalPeer peer)
      : tls_(server), peer_(std::move(peer)) {}

  /// Waits until the plaintext received ends a head, or so many.
  Task<void> wait_head(int count = 1) {
    while (heads_received() < count) {
      step();
      co_await sleep(std::chrono::milliseconds(1));
    }
  }
  /// Waits until `text` is in the plaintext received.
  Task<void> wait_received(std::string text) {
    while (tls_.received().find(text) == std::string::npos) {
      step();
      co_await sleep(std::chrono::milliseconds(1));
    }
  }
  /// Goes on until the client has closed the connection, but not for ever.
  Task<void> wait_ended() {
    const EndDeadline deadline;
    while (!peer_.saw_end()) {
      deadline.check();
      step();
      co_await sleep(std::chrono::milliseconds(1));
    }
  }
  void send(std::string_view plaintext) {
    tls_.send(plaintext);
    peer_.send(tls_.take_output());
  }
  /// New keys from here on, of the client as well (RFC 8446 §4.6.3).
  void update_keys() {
    REQUIRE(SSL_key_update(tls_.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
    REQUIRE(SSL_do_handshake(tls_.ssl()) == 1);
    peer_.send(tls_.take_output());
  }
  /// TLS 1.3 only: one more session that the client may resume (RFC 8446 §4.6.1).
  void send_ticket() {
    REQUIRE(SSL_new_session_ticket(tls_.ssl()) == 1);
    REQUIRE(SSL_do_handshake(tls_.ssl()) == 1);
    peer_.send(tls_.take_output());
  }
  /// TLS 1.2 only.
  void ask_to_renegotiate() {
    REQUIRE(SSL_renegotiate(tls_.ssl()) == 1);
    REQUIRE(SSL_do_handshake(tls_.ssl()) == 1);
    peer_.send(tls_.take_output());
  }
  /// Waits until the client has said something more, and gives it as it came, encrypted.
  Task<std::string> wait_heard() {
    for (;;) {
      std::string heard = peer_.take();
      if (!heard.empty()) co_return heard;
      co_await sleep(std::chrono::milliseconds(1));
    }
  }
  void close_notify() {
    tls_.close_notify();
    peer_.send(tls_.take_output());
  }
  void close() noexcept { peer_.close(); }
  [[nodiscard]] int version() const noexcept { return tls_.version(); }
  /// The client has ended TLS with an alert: close_notify or a fatal one.
  [[nodiscard]] bool saw_last_alert() const noexcept { return tls_.saw_close_notify(); }

 private:
  [[nodiscard]] int heads_received() const {
    int count = 0;
    for (std::size_t at = 0; (at = tls_.received().find("\r\n\r\n", at)) != std::string::npos;
         ++at) {
      ++count;
    }
    return count;
  }
  void step() {
    tls_.feed(peer_.take());
    tls_.advance();
    const std::string output = tls_.take_output();
    if (!output.empty()) peer_.send(output);
  }
  testing::TlsTestConnection tls_;
  LocalPeer peer_;
};

}  // namespace reqivo::test
