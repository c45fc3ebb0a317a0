// TLS through the public API, over real sockets: who is trusted, who is told apart, and how each
// refusal reads.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <sstream>

#include "local_peer.hpp"
#include "server_view.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"
#include "test_certificates.hpp"
#include "tls_local_peer.hpp"
#include "tls_test_peer.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using reqivo::testing::CertificateRequest;
using reqivo::testing::Identity;
using reqivo::testing::TemporaryDirectory;
using reqivo::testing::TlsTestServer;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// How a request to `origin` is refused.
Task<TlsError> refusal_by(std::string origin, TlsOptions options) {
  AsyncSession session;
  session.tls(std::move(options));
  Task<TlsError> failure = failure_of<TlsError>(session.get(origin + "/get"));
  co_return co_await std::move(failure);
}

void check_refused(const TlsError& failure, const std::string& why) {
  check_failure(failure, ErrorCode::tls, Phase::tls, true);
  CHECK_THAT(failure.what(), ContainsSubstring(why));
}

/// Trusts the server, and has the certificate that some of it demand.
TlsOptions certified_client() {
  TlsOptions options = trusting_server();
  options.client_certificate(ready_field("/client_cert_file"), ready_field("/client_key_file"));
  return options;
}

/// The options are wrong, and would be the next time.
void check_unusable(const TlsError& failure, const std::string& why) {
  check_failure(failure, ErrorCode::tls, Phase::tls, false);
  CHECK_THAT(failure.what(), ContainsSubstring(why));
}

/// What /tls says of a connection made with these options.
Task<nlohmann::json> tls_facts(std::string origin, TlsOptions options) {
  AsyncSession session(std::move(origin));
  session.tls(std::move(options));
  const Response response = co_await session.get("/tls");
  co_return response.json();
}

}  // namespace

TEST_CASE("a certificate that has expired is refused", "[tls]") {
  run_test([]() -> Task<void> {
    const TlsError failure = co_await refusal_by(ready_field("/tls/expired"), trusting_server());
    check_refused(failure, "has expired");
    CHECK_THAT(failure.what(), ContainsSubstring("2020"));
  });
}

TEST_CASE("a certificate for another host is refused, and both names are told", "[tls]") {
  run_test([]() -> Task<void> {
    const TlsError failure = co_await refusal_by(ready_field("/tls/wrong_host"), trusting_server());
    check_refused(failure, "wrong.example");
    CHECK_THAT(failure.what(), ContainsSubstring("not for localhost"));
  });
}

TEST_CASE("a self-signed certificate is refused", "[tls]") {
  run_test([]() -> Task<void> {
    const TlsError failure =
        co_await refusal_by(ready_field("/tls/self_signed"), trusting_server());
    check_refused(failure, "self-signed");
  });
}

TEST_CASE("a certificate of an unknown issuer is refused", "[tls]") {
  run_test([]() -> Task<void> {
    const TlsError failure =
        co_await refusal_by(ready_field("/tls/unknown_issuer"), trusting_server());
    check_refused(failure, "unknown issuer");
  });
}

TEST_CASE("a refused connection is closed and takes no place in the pool", "[tls]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    Limits limits;
    limits.connections(1);
    session.tls(trusting_server()).limits(limits);
    const std::size_t before = open_sockets();
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(
          co_await failure_of<TlsError>(session.get(ready_field("/tls/expired") + "/get")));
      CHECK(open_sockets() == before);
    }
    const Response response = co_await session.get(test_server().https("/get"));
    CHECK(response.ok());
  });
}

TEST_CASE("without a CA of its own a session trusts the system's store, and not our authority",
          "[tls]") {
  run_test([]() -> Task<void> {
    const TlsError failure = co_await refusal_by(test_server().https(), TlsOptions());
    check_refused(failure, "unknown issuer");
  });
}

TEST_CASE("ca_file, ca_pem and both together are trusted", "[tls]") {
  run_test([]() -> Task<void> {
    const std::string file = test_server().ca_file();
    const std::string pem = text_of(file);
    const std::string other_pem = own_authority().certificate_pem();
    const TemporaryDirectory directory;
    const std::string other_file = directory.write("other.pem", other_pem);

    const nlohmann::json by_file =
        co_await tls_facts(test_server().https(), TlsOptions().ca_file(file));
    CHECK(by_file.at("alpn") == "http/1.1");
    const nlohmann::json by_pem =
        co_await tls_facts(test_server().https(), TlsOptions().ca_pem(pem));
    CHECK(by_pem.at("alpn") == "http/1.1");
    const nlohmann::json by_both =
        co_await tls_facts(test_server().https(), TlsOptions().ca_file(other_file).ca_pem(pem));
    CHECK(by_both.at("alpn") == "http/1.1");
    const nlohmann::json the_other_way =
        co_await tls_facts(test_server().https(), TlsOptions().ca_file(file).ca_pem(other_pem));
    CHECK(the_other_way.at("alpn") == "http/1.1");
    const TlsError refused =
        co_await refusal_by(test_server().https(), TlsOptions().ca_file(other_file));
    check_refused(refused, "unknown issuer");
  });
}

TEST_CASE("a CA file that cannot be used is told by its name", "[tls]") {
  run_test([]() -> Task<void> {
    const TemporaryDirectory directory;
    const std::string missing = directory.path("missing.pem");
    const TlsError no_file =
        co_await refusal_by(test_server().https(), TlsOptions().ca_file(missing));
    check_unusable(no_file, missing);
    CHECK_THAT(no_file.what(), ContainsSubstring("No such file"));

    const std::string garbage = directory.write("garbage.pem", "this is no certificate\n");
    const TlsError no_pem =
        co_await refusal_by(test_server().https(), TlsOptions().ca_file(garbage));
    check_unusable(no_pem, garbage);

    const std::string broken = directory.write(
        "broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    const TlsError no_certificate =
        co_await refusal_by(test_server().https(), TlsOptions().ca_file(broken));
    check_unusable(no_certificate, broken);

    const TlsError no_text =
        co_await refusal_by(test_server().https(), TlsOptions().ca_pem("garbage"));
    check_unusable(no_text, "ca_pem");
  });
}

TEST_CASE("a client certificate is presented where the server asks for it", "[tls]") {
  run_test([]() -> Task<void> {
    const nlohmann::json facts =
        co_await tls_facts(ready_field("/tls/client_certificate"), certified_client());
    CHECK(facts.at("client_common_name") == "reqivo-test-client");
  });
}

TEST_CASE("a server that demands a client certificate refuses who has none", "[tls]") {
  run_test([]() -> Task<void> {
    AsyncSession session(ready_field("/tls/client_certificate"));
    session.tls(trusting_server());
    // By TLS 1.3 the client's handshake is over before the server refuses: RFC 8446 §4.4.2.4.
    const TlsError failure = co_await failure_of<TlsError>(session.get("/tls"));
    check_message(failure);
    CHECK(failure.code() == ErrorCode::tls);
    CHECK_THAT(failure.what(), ContainsSubstring("certificate required"));
  });
}

TEST_CASE("a redirect to another origin does not carry the client certificate along", "[tls]") {
  run_test([]() -> Task<void> {
    const std::string demanding = ready_field("/tls/client_certificate") + "/tls";
    AsyncSession session(test_server().https());
    session.tls(certified_client());
    const Response shown = co_await session.get(demanding);
    CHECK(shown.ok());
    // The connection that was made with the certificate lies idle, and must not serve the redirect
    // either.
    const TlsError failure =
        co_await failure_of<TlsError>(session.get("/redirect-to").param("url", demanding));
    CHECK_THAT(failure.what(), ContainsSubstring("certificate required"));
    CHECK(failure.phase() == Phase::tls);
  });
}

TEST_CASE("nor does it where somebody else has just asked for the same place with it", "[tls]") {
  run_test([]() -> Task<void> {
    const std::string demanding = ready_field("/tls/client_certificate") + "/tls";
    AsyncSession session(test_server().https());
    session.tls(certified_client());
    // Two connections that were made with the certificate lie idle.
    static_cast<void>(co_await gather(session.get(demanding), session.get(demanding)));
    JoinHandle<TlsError> redirected =
        create_task(failure_of<TlsError>(session.get("/redirect-to").param("url", demanding)));
    const Response shown = co_await session.get(demanding);
    CHECK(shown.ok());
    const TlsError failure = co_await redirected;
    CHECK(failure.phase() == Phase::tls);
  });
}

TEST_CASE("a client certificate that no one the server trusts has signed is refused by it",
          "[tls]") {
  run_test([]() -> Task<void> {
    TlsTestServer server(own_server());
    server.require_client_certificate(own_authority());
    const TemporaryDirectory directory;
    const Identity stranger = CertificateRequest("stranger").issue(nullptr);
    TlsOptions options = trusting_own();
    options.client_certificate(directory.write("certificate.pem", stranger.certificate_pem()),
                               directory.write("key.pem", stranger.key_pem()));
    LocalListener listener;
    AsyncSession session;
    session.tls(std::move(options));
    JoinHandle<TlsError> request =
        create_task(failure_of<TlsError>(session.get(listener.url("/", "https", "localhost"))));
    TlsPeer peer(server, co_await listener.accept());
    co_await peer.wait_ended();
    const TlsError failure = co_await request;
    CHECK_THAT(failure.what(), ContainsSubstring("the server ended TLS with the alert"));
  });
}

TEST_CASE("a key that does not fit its certificate is refused before anything is sent", "[tls]") {
  run_test([]() -> Task<void> {
    const TemporaryDirectory directory;
    const std::string key = directory.write("other-key.pem", own_server().key_pem());
    TlsOptions options = trusting_server();
    options.client_certificate(ready_field("/client_cert_file"), key);
    const TlsError failure =
        co_await refusal_by(ready_field("/tls/client_certificate"), std::move(options));
    check_unusable(failure, key);
    CHECK_THAT(failure.what(), ContainsSubstring("does not fit the certificate"));
  });
}

TEST_CASE("a server that only speaks TLS 1.1 is refused", "[tls]") {
  if (ready_field("/tls/tls1_1").empty()) SKIP("the server's OpenSSL cannot speak TLS 1.1");
  run_test([]() -> Task<void> {
    const TlsError failure = co_await refusal_by(ready_field("/tls/tls1_1"), trusting_server());
    check_refused(failure, "TLS");
    const TlsError unverified =
        co_await refusal_by(ready_field("/tls/tls1_1"), TlsOptions().verify(false));
    check_refused(unverified, "TLS");
  });
}

TEST_CASE("min_version tls1_3 takes a server of TLS 1.3", "[tls]") {
  run_test([]() -> Task<void> {
    TlsOptions options = trusting_server();
    options.min_version(TlsVersion::tls1_3);
    const nlohmann::json facts = co_await tls_facts(test_server().https(), std::move(options));
    CHECK(facts.at("protocol") == "TLSv1.3");
  });
}

TEST_CASE("a server of TLS 1.2 is taken unless min_version asks for more", "[tls]") {
  run_test([]() -> Task<void> {
    TlsTestServer server(own_server());
    server.only_version(TLS1_2_VERSION);
    LocalListener listener;
    const std::string url = listener.url("/", "https", "localhost");
    AsyncSession session;
    session.tls(trusting_own());
    JoinHandle<Response> request = create_task(session.get(url));
    TlsPeer peer(server, co_await listener.accept());
    co_await peer.wait_head();
    CHECK(peer.version() == TLS1_2_VERSION);
    peer.send(answer_with("by TLS 1.2"));
    const Response response = co_await request;
    CHECK(response.body() == "by TLS 1.2");

    AsyncSession strict;
    strict.tls(trusting_own().min_version(TlsVersion::tls1_3));
    JoinHandle<TlsError> refused = create_task(failure_of<TlsError>(strict.get(url)));
    TlsPeer old_peer(server, co_await listener.accept());
    co_await old_peer.wait_ended();
    const TlsError failure = co_await refused;
    check_failure(failure, ErrorCode::tls, Phase::tls, true);
  });
}

TEST_CASE("verify(false) takes any certificate", "[tls]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    session.tls(TlsOptions().verify(false));
    static constexpr std::array<const char*, 4> bad_ones = {
        "/tls/expired", "/tls/wrong_host", "/tls/self_signed", "/tls/unknown_issuer"};
    for (const char* const name : bad_ones) {
      CAPTURE(name);
      const std::string url = ready_field(name) + "/tls";
      const Response response = co_await session.get(url);
      CHECK(response.ok());
    }
  });
}

TEST_CASE("verification is on again for the session's later connections", "[tls]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    session.tls(TlsOptions().verify(false));
    const std::string url = ready_field("/tls/self_signed") + "/tls";
    const Response unverified = co_await session.get(url);
    CHECK(unverified.ok());
    session.tls(trusting_server());
    const TlsError failure = co_await failure_of<TlsError>(session.get(url));
    check_refused(failure, "self-signed");
  });
}

TEST_CASE("a host name goes to the server by SNI, an address does not", "[tls]") {
  run_test([]() -> Task<void> {
    const nlohmann::json named = co_await tls_facts(test_server().https(), trusting_server());
    CHECK(named.at("server_name") == "localhost");
    std::string by_address = test_server().https();
    by_address.replace(by_address.find("localhost"), std::string_view("localhost").size(),
                       "127.0.0.1");
    const nlohmann::json numbered = co_await tls_facts(by_address, trusting_server());
    CHECK(numbered.at("server_name").is_null());
  });
}

TEST_CASE("the second connection of a session resumes the first one's TLS session", "[tls]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().https());
    session.tls(trusting_server());
    const Response first = co_await session.get("/tls").header("Connection", "close");
    CHECK(first.json().at("session_reused") == false);
    const Response second = co_await session.get("/tls").header("Connection", "close");
    CHECK(second.json().at("session_reused") == true);

    AsyncSession stranger(test_server().https());
    stranger.tls(trusting_server());
    const Response other = co_await stranger.get("/tls");
    CHECK(other.json().at("session_reused") == false);
  });
}

TEST_CASE("new keys in the midst of an answer are taken, and the connection goes on", "[tls]") {
  run_test([]() -> Task<void> {
    TlsTestServer server(own_server());
    server.only_version(TLS1_3_VERSION);
    LocalListener listener;
    AsyncSession session(listener.url("/", "https", "localhost"));
    session.tls(trusting_own());

    JoinHandle<Response> first = create_task(session.get("/"));
    TlsPeer peer(server, co_await listener.accept());
    co_await peer.wait_head();
    for (const std::string_view part :
         {"HTTP/1.1 200 OK\r\n", "Content-Length: 8\r\n\r\n", "half"}) {
      peer.update_keys();
      co_await sleep(5ms);  // they come alone: there is nothing yet that they could go along with
      peer.send(part);
      co_await sleep(5ms);
    }
    peer.update_keys();
    peer.send("more");
    const Response whole = co_await first;
    CHECK(whole.body() == "halfmore");

    JoinHandle<Response> second = create_task(session.get("/"));
    co_await peer.wait_head(2);
    peer.send(answer_with("again"));
    const Response again = co_await second;
    CHECK(again.body() == "again");
    CHECK_FALSE(listener.has_connection());
  });
}

TEST_CASE("a ticket that comes late does not hide that the connection was closed after it",
          "[tls]") {
  run_test([]() -> Task<void> {
    TlsTestServer server(own_server());
    server.only_version(TLS1_3_VERSION);
    LocalListener listener;
    AsyncSession session(listener.url("/", "https", "localhost"));
    session.tls(trusting_own());
    JoinHandle<Response> getting = create_task(session.get("/"));
    TlsPeer peer(server, co_await listener.accept());
    co_await peer.wait_head();
    peer.send(answer_with("one"));
    static_cast<void>(co_await getting);

    peer.send_ticket();
    co_await sleep(50ms);  // it is taken in while the connection lies idle
    JoinHandle<Response> posting = create_task(session.post("/"));
    co_await peer.wait_head(2);
    peer.send(answer_with("two"));
    const Response second = co_await posting;
    CHECK(second.body() == "two");

    peer.send_ticket();
    co_await sleep(50ms);
    peer.close();  // the loop does not turn before the next request begins
    JoinHandle<Response> posting_again = create_task(session.post("/"));
    TlsPeer other_peer(server, co_await wait_for(listener.accept(), 5s));
    co_await other_peer.wait_head();
    other_peer.send(answer_with("three"));
    const Response third = co_await posting_again;
    CHECK(third.body() == "three");
  });
}

TEST_CASE("a server that asks to renegotiate is told at once that nobody will", "[tls]") {
  run_test([]() -> Task<void> {
    TlsTestServer server(own_server());
    server.only_version(TLS1_2_VERSION);
    LocalListener listener;
    AsyncSession session(listener.url("/", "https", "localhost"));
    session.tls(trusting_own());
    const JoinHandle<Response> request = create_task(session.get("/"));
    TlsPeer peer(server, co_await listener.accept());
    co_await peer.wait_head();
    peer.ask_to_renegotiate();
    const std::string heard = co_await wait_for(peer.wait_heard(), 5s);
    CHECK(heard.front() == 21);  // an alert and no new handshake (RFC 5246 §6.2.1)
    CHECK_FALSE(request.done());
  });
}

TEST_CASE("https to a port of plain http says so", "[tls]") {
  run_test([]() -> Task<void> {
    const TlsError failure =
        co_await refusal_by("https://" + test_server().http_authority(), trusting_server());
    check_refused(failure, "does not speak TLS on this port");
  });
}

TEST_CASE("http to a port of https fails, and is no answer", "[tls]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    std::string url = test_server().https("/get");
    url.replace(0, 5, "http");
    bool failed = false;
    try {
      static_cast<void>(co_await session.get(url));
    } catch (const ProtocolError&) {
      failed = true;  // the server's alert is no HTTP
    } catch (const ConnectionClosedError&) {
      failed = true;
    }
    CHECK(failed);
  });
}

TEST_CASE("a server that ends the connection in the handshake is a TlsError", "[tls]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session;
    session.tls(trusting_own());
    for (const bool resets : {false, true}) {
      CAPTURE(resets);
      JoinHandle<TlsError> refused =
          create_task(failure_of<TlsError>(session.get(listener.url("/", "https", "localhost"))));
      LocalPeer peer = co_await listener.accept();
      while (peer.take().empty()) co_await sleep(1ms);
      resets ? peer.reset() : peer.close();
      const TlsError failure = co_await refused;
      check_refused(failure, resets ? "broke the handshake off" : "closed the connection");
    }
  });
}

TEST_CASE("a handshake that goes nowhere ends by ConnectTimeout", "[tls]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    session.tls(trusting_server());
    const std::size_t before = open_sockets();
    const ConnectTimeout failure = co_await failure_of<ConnectTimeout>(
        session.get(test_server().silent_https("/")).timeout(Timeout().connect(100ms)));
    check_failure(failure, ErrorCode::connect_timeout, Phase::tls, true);
    CHECK(open_sockets() == before);
  });
}
