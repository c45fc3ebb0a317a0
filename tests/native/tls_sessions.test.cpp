#include "native/tls_sessions.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "native/tls_engine.hpp"
#include "test_certificates.hpp"
#include "tls_test_peer.hpp"

using reqivo::TlsOptions;
using reqivo::native::SslSessionHandle;
using reqivo::native::TlsContext;
using reqivo::native::TlsEngine;
using reqivo::native::TlsSessions;
using reqivo::testing::CertificateRequest;
using reqivo::testing::Identity;
using reqivo::testing::read_all;
using reqivo::testing::shake_hands;
using reqivo::testing::TlsTestConnection;
using reqivo::testing::TlsTestServer;
using Progress = reqivo::native::TlsEngine::Progress;

namespace {

class World {
 public:
  explicit World(int version) {
    server_.only_version(version);
    auto made = TlsContext::make(TlsOptions().ca_pem(authority_.certificate_pem()));
    if (!made) FAIL(made.failure().what);
    context_ = std::move(made).value();
  }
  TlsTestServer& server() { return server_; }

  /// Connects, exchanges a word (the tickets of TLS 1.3 come with it), drops the connection without
  /// a word. Says whether an earlier session was resumed.
  bool connect(std::uint16_t port = 443) {
    TlsEngine client(context_, "server.example", port);
    TlsTestConnection connection(server_);
    REQUIRE(shake_hands(client, connection) == Progress::done);
    connection.send("hello");
    Progress progress = Progress::failed;
    REQUIRE(read_all(client, connection, progress) == "hello");
    return client.resumed();
  }

 private:
  Identity authority_ = CertificateRequest("Test Authority").authority().issue(nullptr);
  Identity leaf_ = CertificateRequest("leaf").alternative("DNS:server.example").issue(&authority_);
  TlsTestServer server_{leaf_};
  std::shared_ptr<TlsContext> context_;
};

/// A session that could be resumed for an hour.
SslSessionHandle fresh_session(int version = TLS1_3_VERSION) {
  SslSessionHandle session(SSL_SESSION_new());
  const unsigned char id[] = "an id";
  SSL_SESSION_set1_id(session.get(), id, sizeof(id));
  SSL_SESSION_set_protocol_version(session.get(), version);
  SSL_SESSION_set_time(session.get(), static_cast<long>(std::time(nullptr)));
  SSL_SESSION_set_timeout(session.get(), 3600);
  return session;
}

}  // namespace

TEST_CASE("the second connection to an origin resumes the first one's session") {
  World world(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(world.connect());
  CHECK(world.connect());
  CHECK(world.connect());
}

TEST_CASE("another port is another origin") {
  World world(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(world.connect(443));
  CHECK_FALSE(world.connect(8443));
}

TEST_CASE("a server that forgot the session gets a full handshake") {
  World world(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION));
  CHECK_FALSE(world.connect());
  world.server().forget_sessions();
  CHECK_FALSE(world.connect());
}

TEST_CASE("a TLS 1.3 ticket is given out once, a TLS 1.2 session again") {
  TlsSessions sessions;
  sessions.add("a:443", fresh_session(TLS1_3_VERSION));
  sessions.add("b:443", fresh_session(TLS1_2_VERSION));
  CHECK(sessions.take("a:443") != nullptr);
  CHECK(sessions.take("a:443") == nullptr);
  CHECK(sessions.take("b:443") != nullptr);
  CHECK(sessions.take("b:443") != nullptr);
}

TEST_CASE("the newest session is taken first, and the oldest of an origin makes room") {
  TlsSessions sessions;
  SslSessionHandle oldest = fresh_session();
  SslSessionHandle middle = fresh_session();
  SslSessionHandle newest = fresh_session();
  const SSL_SESSION* expected_second = middle.get();
  const SSL_SESSION* expected_first = newest.get();
  sessions.add("a:443", std::move(oldest));
  sessions.add("a:443", std::move(middle));
  sessions.add("a:443", std::move(newest));
  CHECK(sessions.size() == TlsSessions::most_per_origin);
  CHECK(sessions.take("a:443").get() == expected_first);
  CHECK(sessions.take("a:443").get() == expected_second);
}

TEST_CASE("the store of sessions is bounded, the oldest goes first") {
  TlsSessions sessions;
  for (std::size_t index = 0; index <= TlsSessions::most_in_all; ++index) {
    sessions.add(std::to_string(index), fresh_session());
  }
  CHECK(sessions.size() == TlsSessions::most_in_all);
  CHECK(sessions.take("0") == nullptr);
  CHECK(sessions.take("1") != nullptr);
}

TEST_CASE("a session that cannot be resumed is neither taken nor kept") {
  TlsSessions sessions;
  SslSessionHandle session = fresh_session();
  const unsigned char no_id = 0;
  SSL_SESSION_set1_id(session.get(), &no_id, 0);  // nor does it have a ticket
  sessions.add("a:443", std::move(session));
  CHECK(sessions.take("a:443") == nullptr);
  CHECK(sessions.size() == 0);
}

TEST_CASE("an expired session is not taken and not kept") {
  TlsSessions sessions;
  SslSessionHandle session = fresh_session();
  SSL_SESSION_set_time(session.get(), static_cast<long>(std::time(nullptr)) - 7200);
  sessions.add("a:443", std::move(session));
  CHECK(sessions.take("a:443") == nullptr);
  CHECK(sessions.size() == 0);
}
