// What a TLS connection says before it ends, and what it means when it does not.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>

#include "local_peer.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "test_certificates.hpp"
#include "tls_local_peer.hpp"
#include "tls_test_peer.hpp"

using namespace reqivo;
using namespace reqivo::test;
using Catch::Matchers::ContainsSubstring;
using reqivo::testing::CertificateRequest;
using reqivo::testing::Identity;
using reqivo::testing::TlsTestServer;

TEST_CASE("a server whose certificate is refused is told so by an alert", "[tls]") {
  run_test([]() -> Task<void> {
    const Identity stranger =
        CertificateRequest("stranger").alternative("DNS:localhost").issue(nullptr);
    const TlsTestServer server(stranger);
    LocalListener listener;
    AsyncSession session;
    session.tls(trusting_own());
    JoinHandle<TlsError> refused =
        create_task(failure_of<TlsError>(session.get(listener.url("/", "https", "localhost"))));
    TlsPeer peer(server, co_await listener.accept());
    co_await peer.wait_ended();
    CHECK(peer.saw_last_alert());
    static_cast<void>(co_await refused);
  });
}

TEST_CASE("an idle TLS connection that is closed says so before", "[tls]") {
  run_test([]() -> Task<void> {
    const TlsTestServer server(own_server());
    LocalListener listener;
    AsyncSession session(listener.url("/", "https", "localhost"));
    session.tls(trusting_own());
    JoinHandle<Response> sent = create_task(session.get("/"));
    TlsPeer peer(server, co_await listener.accept());
    co_await peer.wait_head();
    peer.send(answer_with("kept"));
    static_cast<void>(co_await sent);
    co_await session.close();
    co_await peer.wait_ended();
    CHECK(peer.saw_last_alert());
  });
}

TEST_CASE("a body that ends with the connection has to end with close_notify", "[tls]") {
  run_test([]() -> Task<void> {
    const TlsTestServer server(own_server());
    LocalListener listener;
    AsyncSession session(listener.url("/", "https", "localhost"));
    session.tls(trusting_own());

    JoinHandle<Response> whole = create_task(session.get("/"));
    TlsPeer honest(server, co_await listener.accept());
    co_await honest.wait_head();
    honest.send("HTTP/1.1 200 OK\r\n\r\nall of it");
    honest.close_notify();
    honest.close();
    const Response response = co_await whole;
    CHECK(response.body() == "all of it");

    JoinHandle<ConnectionClosedError> cut =
        create_task(failure_of<ConnectionClosedError>(session.get("/")));
    TlsPeer attacked(server, co_await listener.accept());
    co_await attacked.wait_head();
    attacked.send("HTTP/1.1 200 OK\r\n\r\npart of it");
    attacked.close();
    const ConnectionClosedError failure = co_await cut;
    check_failure(failure, ErrorCode::connection_closed, Phase::body, false);
    CHECK_THAT(failure.what(), ContainsSubstring("without ending TLS"));
  });
}
