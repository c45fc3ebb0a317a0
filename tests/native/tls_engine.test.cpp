#include "native/tls_engine.hpp"

#include <openssl/err.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <memory>
#include <string>
#include <utility>

#include "test_certificates.hpp"
#include "tls_test_peer.hpp"

using reqivo::TlsOptions;
using reqivo::native::TlsContext;
using reqivo::native::TlsEngine;
using reqivo::testing::carry_to_server;
using reqivo::testing::CertificateRequest;
using reqivo::testing::Identity;
using reqivo::testing::read_all;
using reqivo::testing::shake_hands;
using reqivo::testing::TlsTestConnection;
using reqivo::testing::TlsTestServer;
using Progress = reqivo::native::TlsEngine::Progress;

namespace {

/// An authority, a server that it vouches for, and a client that trusts it.
struct World {
  Identity authority = CertificateRequest("Test Authority").authority().issue(nullptr);
  Identity leaf = CertificateRequest("leaf")
                      .alternative("DNS:server.example")
                      .alternative("IP:127.0.0.1")
                      .alternative("IP:::1")
                      .issue(&authority);
  TlsTestServer server{leaf};

  [[nodiscard]] TlsOptions options() const {
    return TlsOptions().ca_pem(authority.certificate_pem());
  }
};

std::shared_ptr<TlsContext> make_context(const TlsOptions& options) {
  auto made = TlsContext::make(options);
  if (!made) FAIL(made.failure().what);
  CHECK(ERR_peek_error() == 0);
  return std::move(made).value();
}

std::string patterned(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t index = 0; index < size; ++index) {
    text[index] = static_cast<char>((index * 31 + index / 251) & 0x7f);
  }
  return text;
}

}  // namespace

TEST_CASE("a handshake and both directions work at every slice size and version") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const std::size_t slice = GENERATE(1U, 7U, 4096U);
  INFO("version " << version << " slice " << slice);
  World world;
  world.server.only_version(version).choose_protocol("http/1.1");
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);

  REQUIRE(shake_hands(client, server, slice) == Progress::done);
  CHECK(server.connected());
  CHECK(server.version() == version);
  CHECK(client.negotiated_protocol() == "http/1.1");
  CHECK_FALSE(client.resumed());

  CHECK(client.write("ping"));
  carry_to_server(client, server);
  CHECK(server.received() == "ping");
  server.send("pong");
  Progress progress = Progress::failed;
  CHECK(read_all(client, server, progress, slice) == "pong");
  CHECK(progress == Progress::want_input);
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("ALPN offers http/1.1 alone, and a server may choose nothing") {
  World world;
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  CHECK(server.offered_protocols() == std::string("\0\x09\x08http/1.1", 11));
  CHECK(client.negotiated_protocol().empty());
}

TEST_CASE("a protocol that was not offered is refused") {
  World world;
  world.server.choose_protocol("h2");
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  CHECK(shake_hands(client, server) == Progress::failed);
  CHECK(client.failure().code == reqivo::ErrorCode::tls);
}

TEST_CASE("the server sees a host name by SNI, without its final dot") {
  const char* host = GENERATE("server.example", "server.example.");
  World world;
  TlsEngine client(make_context(world.options()), host, 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  CHECK(server.server_name() == "server.example");
}

TEST_CASE("an address is verified as such and not sent by SNI") {
  const char* host = GENERATE("127.0.0.1", "[::1]");
  INFO(host);
  World world;
  TlsEngine client(make_context(world.options()), host, 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  CHECK(server.server_name().empty());
}

TEST_CASE("one small request is one record in one piece") {
  World world;
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  REQUIRE(client.write("GET / HTTP/1.1\r\n\r\n"));
  const std::string record = client.pending_output();
  // TLS 1.3: a header of 5, the text of 18, the content type, a tag of 16 (RFC 8446 §5.2).
  REQUIRE(record.size() == 5 + 18 + 1 + 16);
  CHECK(record[0] == 23);
}

TEST_CASE("the last flight of the handshake and the first request leave together") {
  World world;
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(client.handshake() == Progress::want_input);
  carry_to_server(client, server);
  client.receive(server.take_output());
  REQUIRE(client.handshake() == Progress::done);
  REQUIRE(client.write("request"));
  carry_to_server(client, server);
  CHECK(server.received() == "request");
}

TEST_CASE("a megabyte goes both ways unchanged") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  const std::string text = patterned(1'000'003);
  World world;
  world.server.only_version(version);
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  REQUIRE(client.write(text));
  carry_to_server(client, server);
  CHECK(server.received() == text);
  server.send(text);
  Progress progress = Progress::failed;
  CHECK(read_all(client, server, progress, 5000) == text);
}

TEST_CASE("one read fills the buffer from as many records as are there") {
  World world;
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  for (int record = 0; record < 10; ++record) server.send(std::string(100, 'x'));
  client.receive(server.take_output());
  std::array<char, 950> buffer{};
  std::size_t got = 0;
  REQUIRE(client.read(buffer.data(), buffer.size(), got) == Progress::done);
  CHECK(got == 950);
  REQUIRE(client.read(buffer.data(), buffer.size(), got) == Progress::done);
  CHECK(got == 50);
  CHECK(client.read(buffer.data(), buffer.size(), got) == Progress::want_input);
  CHECK(got == 0);
}

TEST_CASE("a key update by the server is answered and not seen") {
  World world;
  world.server.only_version(TLS1_3_VERSION);
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  REQUIRE(SSL_key_update(server.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  server.send("new keys");
  Progress progress = Progress::failed;
  CHECK(read_all(client, server, progress) == "new keys");
  REQUIRE(client.write("answer"));
  carry_to_server(client, server);
  CHECK(server.received() == "answer");
}

TEST_CASE("close_notify is a proper end, after what came before it") {
  World world;
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  server.send("last words");
  server.close_notify();
  Progress progress = Progress::failed;
  CHECK(read_all(client, server, progress) == "last words");
  CHECK(progress == Progress::closed);
  client.peer_vanished();
  std::array<char, 10> buffer{};
  std::size_t got = 0;
  CHECK(client.read(buffer.data(), buffer.size(), got) == Progress::closed);
}

TEST_CASE("a peer that vanishes is a failure, told from close_notify") {
  World world;
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  client.peer_vanished();
  std::array<char, 10> buffer{};
  std::size_t got = 0;
  CHECK(client.read(buffer.data(), buffer.size(), got) == Progress::failed);
  CHECK(client.failure().code == reqivo::ErrorCode::connection_closed);
  CHECK_FALSE(client.failure().retryable);
  CHECK_FALSE(client.write("more"));
}

TEST_CASE("shutdown tells the server, and only after a handshake") {
  World world;
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  client.shutdown();
  CHECK(client.pending_output().empty());
  REQUIRE(shake_hands(client, server) == Progress::done);
  client.shutdown();
  carry_to_server(client, server);
  CHECK(server.saw_close_notify());
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("a damaged record fails, and stays failed") {
  const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
  World world;
  world.server.only_version(version);
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(shake_hands(client, server) == Progress::done);
  server.send("good");
  std::string wire = server.take_output();
  server.send("damaged");
  std::string damaged = server.take_output();
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  client.receive(wire + damaged);
  std::array<char, 100> buffer{};
  std::size_t got = 0;
  REQUIRE(client.read(buffer.data(), buffer.size(), got) == Progress::done);
  CHECK(std::string_view(buffer.data(), got) == "good");
  for (int again = 0; again < 2; ++again) {
    CHECK(client.read(buffer.data(), buffer.size(), got) == Progress::failed);
    CHECK(got == 0);
  }
  CHECK(client.failure().code == reqivo::ErrorCode::tls);
  INFO(client.failure().what);
  CHECK(client.failure().what.find("does not decrypt") != std::string::npos);
  CHECK_FALSE(client.pending_output().empty());
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("an engine can be moved in the midst of its work") {
  World world;
  TlsEngine client(make_context(world.options()), "server.example", 443);
  TlsTestConnection server(world.server);
  REQUIRE(client.handshake() == Progress::want_input);
  TlsEngine moved(std::move(client));
  REQUIRE(shake_hands(moved, server) == Progress::done);
  REQUIRE(moved.write("moved"));
  carry_to_server(moved, server);
  CHECK(server.received() == "moved");
}
