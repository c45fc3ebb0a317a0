// Why a handshake is refused, in words: each kind of bad certificate, bad peer and bad option.
#include <openssl/err.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "native/tls_engine.hpp"
#include "native/tls_error.hpp"
#include "test_certificates.hpp"
#include "tls_test_peer.hpp"

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
using Catch::Matchers::StartsWith;
using reqivo::TlsOptions;
using reqivo::TlsVersion;
using reqivo::native::describe_non_tls;
using reqivo::native::TlsContext;
using reqivo::native::TlsEngine;
using reqivo::testing::carry_to_server;
using reqivo::testing::CertificateRequest;
using reqivo::testing::Identity;
using reqivo::testing::read_all;
using reqivo::testing::shake_hands;
using reqivo::testing::TemporaryDirectory;
using reqivo::testing::TlsTestConnection;
using reqivo::testing::TlsTestServer;
using Progress = reqivo::native::TlsEngine::Progress;

namespace {

const Identity& authority() {
  static const Identity made = CertificateRequest("Test Authority").authority().issue(nullptr);
  return made;
}

TlsOptions trusting() { return TlsOptions().ca_pem(authority().certificate_pem()); }

CertificateRequest good_request() {
  return CertificateRequest("leaf").alternative("DNS:server.example");
}

struct Attempt {
  Progress progress = Progress::failed;
  std::string why;
  bool server_connected = false;
};

Attempt attempt(const TlsTestServer& server, const TlsOptions& options,
                std::string_view host = "server.example") {
  auto made = TlsContext::make(options);
  if (!made) FAIL(made.failure().what);
  TlsEngine client(std::move(made).value(), host, 443);
  TlsTestConnection connection(server);
  Attempt result;
  result.progress = shake_hands(client, connection);
  result.server_connected = connection.connected();
  if (result.progress == Progress::failed) {
    result.why = client.failure().what;
    CHECK(client.failure().code == reqivo::ErrorCode::tls);
    CHECK(client.failure().phase == reqivo::Phase::tls);
    CHECK(client.failure().retryable);
    CHECK_FALSE(client.write("a secret"));
  }
  CHECK(ERR_peek_error() == 0);
  return result;
}

Attempt attempt_with(const Identity& leaf, std::string_view host = "server.example") {
  return attempt(TlsTestServer(leaf), trusting(), host);
}

std::string failure_of(const TlsOptions& options) {
  auto made = TlsContext::make(options);
  REQUIRE_FALSE(made.ok());
  CHECK(made.failure().code == reqivo::ErrorCode::tls);
  CHECK(made.failure().phase == reqivo::Phase::tls);
  CHECK(ERR_peek_error() == 0);
  return made.failure().what;
}

}  // namespace

TEST_CASE("an expired certificate is refused with its date") {
  const Attempt result = attempt_with(good_request().valid(-7200, -3600).issue(&authority()));
  CHECK(result.progress == Progress::failed);
  CHECK_THAT(result.why, StartsWith("certificate has expired (") && ContainsSubstring("GMT"));
  CHECK_FALSE(result.server_connected);
}

TEST_CASE("a certificate that is not yet valid is refused") {
  const Attempt result = attempt_with(good_request().valid(3600, 7200).issue(&authority()));
  CHECK_THAT(result.why, StartsWith("certificate is not yet valid (from "));
}

TEST_CASE("a self-signed certificate is refused") {
  CHECK_THAT(attempt_with(good_request().issue(nullptr)).why, Equals("self-signed certificate"));
}

TEST_CASE("a self-signed certificate that is trusted itself is accepted") {
  const Identity leaf = good_request().issue(nullptr);
  const TlsOptions options = TlsOptions().ca_pem(leaf.certificate_pem());
  CHECK(attempt(TlsTestServer(leaf), options).progress == Progress::done);
}

TEST_CASE("a trusted intermediate authority is the end of the chain") {
  const Identity between = CertificateRequest("Between").authority().issue(&authority());
  const Identity leaf = good_request().issue(&between);
  const TlsOptions options = TlsOptions().ca_pem(between.certificate_pem());
  CHECK(attempt(TlsTestServer(leaf), options).progress == Progress::done);
}

TEST_CASE("an unknown issuer is refused and named") {
  const Identity stranger = CertificateRequest("Stranger").authority().issue(nullptr);
  const Attempt bare = attempt_with(good_request().issue(&stranger));
  CHECK_THAT(bare.why, StartsWith("unknown issuer: ") && ContainsSubstring("Stranger"));

  const Identity leaf = good_request().issue(&stranger);
  const Attempt chained = attempt(TlsTestServer(leaf, {&stranger}), trusting());
  CHECK_THAT(chained.why, StartsWith("unknown issuer: ") && ContainsSubstring("Stranger"));
}

TEST_CASE("a chain by an intermediate authority is accepted, and each certificate in it checked") {
  const Identity good = CertificateRequest("Between").authority().issue(&authority());
  const Identity leaf = good_request().issue(&good);
  CHECK(attempt(TlsTestServer(leaf, {&good}), trusting()).progress == Progress::done);

  const Identity old =
      CertificateRequest("Old").authority().valid(-7200, -3600).issue(&authority());
  const Identity below = good_request().issue(&old);
  CHECK_THAT(attempt(TlsTestServer(below, {&old}), trusting()).why,
             StartsWith("the issuer's certificate \"CN=Old\" has expired"));
}

TEST_CASE("a certificate for other hosts is refused, and they are named") {
  const Identity leaf = CertificateRequest("server.example")
                            .alternative("DNS:wrong.example")
                            .alternative("IP:10.0.0.1")
                            .issue(&authority());
  CHECK_THAT(attempt_with(leaf).why,
             Equals("host name mismatch: the certificate is for wrong.example, 10.0.0.1, not for "
                    "server.example"));
  CHECK_THAT(attempt_with(leaf, "127.0.0.1").why,
             StartsWith("host name mismatch: ") && ContainsSubstring("not for 127.0.0.1"));
}

TEST_CASE("the addresses in a wrong certificate are told, of both families") {
  const Identity leaf = CertificateRequest("leaf")
                            .alternative("IP:192.0.2.1")
                            .alternative("IP:2001:db8::1")
                            .issue(&authority());
  for (const char* const host : {"server.example", "127.0.0.1", "[::1]"}) {
    CAPTURE(host);
    CHECK_THAT(attempt_with(leaf, host).why,
               ContainsSubstring("the certificate is for 192.0.2.1, 2001:db8::1, "));
  }
}

TEST_CASE("of many names in a wrong certificate some are shown, without control characters") {
  CertificateRequest request("leaf");
  for (int index = 0; index < 10; ++index) {
    request.alternative("DNS:\x01" + std::to_string(index) + ".example");
  }
  CHECK_THAT(attempt_with(request.issue(&authority())).why,
             ContainsSubstring("for ?0.example, ?1.example, ?2.example, ?3.example and 6 more"));
}

TEST_CASE("a very long name in a wrong certificate is cut") {
  const std::string label(60, 'x');
  const Identity leaf = CertificateRequest("leaf")
                            .alternative("DNS:" + label + "." + label + ".example")
                            .issue(&authority());
  CHECK_THAT(attempt_with(leaf).why,
             ContainsSubstring("is for " + label + "." + label.substr(0, 39) + "..., not"));
}

TEST_CASE("the subject's common name is no host name") {
  const Identity leaf = CertificateRequest("server.example").issue(&authority());
  CHECK_THAT(attempt_with(leaf).why,
             Equals("host name mismatch: the certificate names no host, wanted server.example"));
}

TEST_CASE("a wildcard stands for one whole label") {
  const Identity whole =
      CertificateRequest("leaf").alternative("DNS:*.example.test").issue(&authority());
  CHECK(attempt_with(whole, "a.example.test").progress == Progress::done);
  CHECK_THAT(attempt_with(whole, "a.b.example.test").why, StartsWith("host name mismatch"));
  const Identity part =
      CertificateRequest("leaf").alternative("DNS:a*.example.test").issue(&authority());
  CHECK_THAT(attempt_with(part, "ab.example.test").why, StartsWith("host name mismatch"));
}

TEST_CASE("without verification anyone is accepted") {
  const Identity leaf = CertificateRequest("leaf").valid(-7200, -3600).issue(nullptr);
  CHECK(attempt(TlsTestServer(leaf), TlsOptions().verify(false)).progress == Progress::done);
}

TEST_CASE("a server below the least version is refused") {
  const Identity leaf = good_request().issue(&authority());
  TlsTestServer old(leaf);
  old.only_version(TLS1_2_VERSION);
  const Attempt result = attempt(old, trusting().min_version(TlsVersion::tls1_3));
  CHECK(result.progress == Progress::failed);
  CHECK_THAT(result.why, ContainsSubstring("protocol version"));
  CHECK(attempt(old, trusting()).progress == Progress::done);

  TlsTestServer older(leaf);
  older.only_version(TLS1_1_VERSION);
  CHECK_THAT(attempt(older, trusting()).why, ContainsSubstring("protocol version"));
}

TEST_CASE("what the system's configuration asks of TLS holds", "[.openssl_conf]") {
  // ctest names a file by OPENSSL_CONF that asks for TLS 1.3 at least.
  const Identity leaf = good_request().issue(&authority());
  TlsTestServer old(leaf);
  old.only_version(TLS1_2_VERSION);
  CHECK_THAT(attempt(old, trusting()).why, ContainsSubstring("protocol version"));
  CHECK(attempt(TlsTestServer(leaf), trusting()).progress == Progress::done);
}

TEST_CASE("a client certificate is presented with its key") {
  const TemporaryDirectory files;
  const Identity between = CertificateRequest("Between").authority().issue(&authority());
  const Identity mine = CertificateRequest("me").issue(&between);
  const std::string certificate =
      files.write("me.pem", mine.certificate_pem() + between.certificate_pem());
  const std::string key = files.write("me.key", mine.key_pem());
  const Identity leaf = good_request().issue(&authority());
  TlsTestServer server(leaf);
  server.only_version(GENERATE(TLS1_2_VERSION, TLS1_3_VERSION))
      .require_client_certificate(authority());

  auto context = TlsContext::make(trusting().client_certificate(certificate, key));
  REQUIRE(context.ok());
  TlsEngine client(std::move(context).value(), "server.example", 443);
  TlsTestConnection connection(server);
  REQUIRE(shake_hands(client, connection) == Progress::done);
  REQUIRE(connection.connected());
  CHECK(connection.client_common_name() == "me");
}

TEST_CASE("the client's chain is what its file holds, and nothing from the trust store") {
  const TemporaryDirectory files;
  const Identity between = CertificateRequest("Between").authority().issue(&authority());
  const Identity mine = CertificateRequest("me").issue(&between);
  const Identity leaf = good_request().issue(&authority());
  TlsTestServer server(leaf);
  server.only_version(TLS1_2_VERSION).require_client_certificate(authority());
  const TlsOptions options = TlsOptions()
                                 .ca_pem(authority().certificate_pem() + between.certificate_pem())
                                 .client_certificate(files.write("me.pem", mine.certificate_pem()),
                                                     files.write("me.key", mine.key_pem()));
  const Attempt result = attempt(server, options);
  CHECK_THAT(result.why, StartsWith("the server ended TLS with the alert"));
  CHECK_FALSE(result.server_connected);
}

TEST_CASE("a server's demand for a certificate is told") {
  const Identity leaf = good_request().issue(&authority());
  TlsTestServer server(leaf);
  server.only_version(TLS1_3_VERSION).require_client_certificate(authority());
  auto context = TlsContext::make(trusting());
  REQUIRE(context.ok());
  TlsEngine client(std::move(context).value(), "server.example", 443);
  TlsTestConnection connection(server);
  // In TLS 1.3 the client is done before the server refuses.
  REQUIRE(client.handshake() == Progress::want_input);
  carry_to_server(client, connection);
  client.receive(connection.take_output());
  REQUIRE(client.handshake() == Progress::done);
  carry_to_server(client, connection);
  Progress progress = Progress::done;
  CHECK(read_all(client, connection, progress).empty());
  CHECK(progress == Progress::failed);
  CHECK_THAT(client.failure().what,
             Equals("the server ended TLS with the alert \"certificate required\""));
  CHECK_FALSE(client.failure().retryable);
}

TEST_CASE("an alert in the handshake is named") {
  const Identity leaf = good_request().issue(&authority());
  TlsTestServer server(leaf);
  server.only_version(TLS1_2_VERSION).require_client_certificate(authority());
  CHECK_THAT(attempt(server, trusting()).why,
             Equals("the server ended TLS with the alert \"handshake failure\""));
}

TEST_CASE("a peer that does not speak TLS is told so") {
  auto context = TlsContext::make(trusting());
  REQUIRE(context.ok());
  TlsEngine client(context.value(), "server.example", 443);
  REQUIRE(client.handshake() == Progress::want_input);
  client.receive("HTTP/1.1 400 Bad Request\r\n\r\n");
  REQUIRE(client.handshake() == Progress::failed);
  CHECK(client.failure().what ==
        "the server does not speak TLS on this port: it answered in plain HTTP");

  TlsEngine other(context.value(), "server.example", 443);
  REQUIRE(other.handshake() == Progress::want_input);
  other.receive("SSH-2.0-server\r\n");
  REQUIRE(other.handshake() == Progress::failed);
  CHECK(other.failure().what == "the server does not speak TLS on this port");
}

TEST_CASE("what does not begin like a TLS record is no TLS") {
  const std::string told = "the server does not speak TLS on this port";
  for (const std::string_view begin : {"SSH-2", "\x13\x03", "\x18\x03", "\x16\x02", "\x15\x48"}) {
    CAPTURE(begin);
    CHECK(describe_non_tls(begin) == told);
  }
  for (const std::string_view begin : {"", "\x14", "\x15\x03", "\x16\x03\x01", "\x17\x03"}) {
    CAPTURE(begin);
    CHECK(describe_non_tls(begin).empty());
  }
}

TEST_CASE("an end in the handshake is a failure of TLS") {
  auto context = TlsContext::make(trusting());
  REQUIRE(context.ok());
  TlsEngine client(context.value(), "server.example", 443);
  REQUIRE(client.handshake() == Progress::want_input);
  client.peer_vanished();
  REQUIRE(client.handshake() == Progress::failed);
  CHECK(client.failure().code == reqivo::ErrorCode::tls);
  CHECK(client.failure().what == "the server closed the connection in the TLS handshake");

  TlsEngine other(context.value(), "server.example", 443);
  REQUIRE(other.handshake() == Progress::want_input);
  other.receive("-ER");
  other.peer_vanished();
  CHECK(other.failure().what == "the server does not speak TLS on this port");
}

TEST_CASE("a host that no certificate can name fails before anything is sent") {
  auto context = TlsContext::make(trusting());
  REQUIRE(context.ok());
  const std::string host = GENERATE(std::string(), std::string(300, 'a'));
  TlsEngine client(context.value(), host, 443);
  CHECK(client.handshake() == Progress::failed);
  CHECK(client.pending_output().empty());
  CHECK(ERR_peek_error() == 0);
}

TEST_CASE("options that cannot be honoured are told with the file and the reason") {
  const TemporaryDirectory files;
  const Identity mine = CertificateRequest("me").issue(&authority());
  const Identity other = CertificateRequest("other").issue(&authority());
  const std::string missing = files.path("missing.pem");
  const std::string empty = files.write("empty.pem", "no PEM here\n");
  const std::string certificate = files.write("me.pem", mine.certificate_pem());
  const std::string key = files.write("me.key", mine.key_pem());
  const std::string other_key = files.write("other.key", other.key_pem());
  const std::string locked_key = files.write("locked.key", mine.encrypted_key_pem("secret"));
  std::string broken_text = mine.certificate_pem();
  broken_text.erase(100, 40);
  const std::string broken = files.write("broken.pem", mine.certificate_pem() + broken_text);

  CHECK_THAT(failure_of(TlsOptions().ca_file(missing)),
             StartsWith(missing) && ContainsSubstring("No such file"));
  CHECK_THAT(failure_of(TlsOptions().ca_file(files.path(""))), ContainsSubstring("Is a directory"));
  CHECK_THAT(failure_of(TlsOptions().ca_file(empty)),
             StartsWith(empty) && ContainsSubstring("no PEM"));
  CHECK_THAT(failure_of(TlsOptions().ca_file(broken)),
             StartsWith(broken) && ContainsSubstring("parse"));
  CHECK_THAT(failure_of(TlsOptions().ca_pem("nonsense")), StartsWith("ca_pem: "));
  CHECK_THAT(failure_of(trusting().client_certificate(missing, key)), StartsWith(missing));
  CHECK_THAT(failure_of(trusting().client_certificate(certificate, missing)), StartsWith(missing));
  CHECK_THAT(failure_of(trusting().client_certificate(certificate, "")),
             ContainsSubstring("without a key file"));
  CHECK_THAT(failure_of(trusting().client_certificate("", key)),
             ContainsSubstring("without a certificate file"));
  CHECK_THAT(failure_of(trusting().client_certificate(certificate, empty)), StartsWith(empty));
  CHECK_THAT(failure_of(trusting().client_certificate(certificate, locked_key)),
             StartsWith(locked_key) && ContainsSubstring("encrypted"));
  CHECK_THAT(failure_of(trusting().client_certificate(certificate, other_key)),
             ContainsSubstring(other_key) && ContainsSubstring("does not fit") &&
                 ContainsSubstring(certificate));
}
