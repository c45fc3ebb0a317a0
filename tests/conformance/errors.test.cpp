#include <catch2/catch_test_macros.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// The request has to fail with an E like this, and the session to work afterwards.
template <class E>
Task<void> check_get(std::string url, ErrorCode code, Phase phase, bool retryable) {
  CAPTURE(url);
  AsyncSession session(test_server().http());
  const RequestError failure = co_await network_failure_of<E>(session.get(url).timeout(30s));
  check_network_failure(failure, code, phase, retryable);
  CHECK(failure.method() == "GET");
  CHECK(failure.url().find('?') == std::string::npos);
  const Response after = co_await session.get("/get");
  CHECK(after.ok());
}

}  // namespace

TEST_CASE("a host that nobody knows is DnsError", "[errors]") {
  run_test([]() -> Task<void> {
    // A label longer than DNS allows is refused without asking any server.
    const std::string host = std::string(70, 'a') + ".invalid";
    co_await check_get<DnsError>("http://" + host + "/", ErrorCode::dns, Phase::resolve, true);
  });
}

TEST_CASE("a port where nobody listens is ConnectError", "[errors]") {
  run_test([]() -> Task<void> {
    co_await check_get<ConnectError>(test_server().closed("/path?query"), ErrorCode::connect,
                                     Phase::connect, true);
  });
}

TEST_CASE("a certificate of an unknown authority is TlsError", "[errors]") {
  run_test([]() -> Task<void> {
    co_await check_get<TlsError>(test_server().https("/get"), ErrorCode::tls, Phase::tls, true);
  });
}

TEST_CASE("a peer that does not speak TLS is TlsError", "[errors]") {
  run_test([]() -> Task<void> {
    co_await check_get<TlsError>("https://" + test_server().http_authority() + "/get",
                                 ErrorCode::tls, Phase::tls, true);
  });
}

TEST_CASE("a connection that ends before the head is ConnectionClosedError", "[errors]") {
  run_test([]() -> Task<void> {
    for (const std::string_view path : {"/reset", "/reset?how=fin"}) {
      co_await check_get<ConnectionClosedError>(test_server().http(path),
                                                ErrorCode::connection_closed, Phase::head, false);
    }
    RawScript half_a_head;
    half_a_head.send("HTTP/1.1 200 OK\r\nContent-Le").close();
    co_await check_get<ConnectionClosedError>(half_a_head.url(), ErrorCode::connection_closed,
                                              Phase::head, false);
  });
}

TEST_CASE("a body that breaks off is ConnectionClosedError, never a short body", "[errors]") {
  run_test([]() -> Task<void> {
    for (const std::string_view path :
         {"/reset-after-head?how=fin", "/reset-after-head?how=fin&framing=chunked",
          "/reset-after/500?how=fin", "/reset-after/500?how=fin&framing=chunked",
          "/reset-after/100000", "/reset-after/100000?framing=chunked"}) {
      co_await check_get<ConnectionClosedError>(test_server().http(path),
                                                ErrorCode::connection_closed, Phase::body, false);
    }
    for (const std::string_view path : {"/truncated-length", "/truncated-chunked"}) {
      co_await check_get<ConnectionClosedError>(test_server().raw(path),
                                                ErrorCode::connection_closed, Phase::body, false);
    }
  });
}

TEST_CASE("a stream that breaks off fails after the bytes that came", "[errors]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/reset-after/5000?how=fin").stream();
    CHECK(stream.status_code() == 200);
    std::size_t length = 0;
    bool failed = false;
    try {
      while (auto piece = co_await stream.read()) length += piece->size();
    } catch (const NetworkError&) {
      failed = true;
    }
    CHECK(failed);
    CHECK(length <= 5000);
  });
}

TEST_CASE("an answer that is no HTTP is InvalidResponseError", "[errors]") {
  require(capabilities().strict_framing, "strict_framing");
  run_test([]() -> Task<void> {
    for (const std::string_view path : {"/garbage", "/bad-status-line", "/conflicting-lengths"}) {
      co_await check_get<InvalidResponseError>(test_server().raw(path), ErrorCode::invalid_response,
                                               Phase::head, false);
    }
    co_await check_get<InvalidResponseError>(test_server().raw("/bad-chunk"),
                                             ErrorCode::invalid_response, Phase::body, false);
  });
}

TEST_CASE("a head beyond the default limits is limit_exceeded", "[errors]") {
  require(capabilities().connection_limits, "connection_limits");
  run_test([]() -> Task<void> {
    for (const std::string_view path : {"/huge-header", "/many-headers"}) {
      co_await check_get<InvalidResponseError>(test_server().raw(path), ErrorCode::limit_exceeded,
                                               Phase::head, false);
    }
  });
}

TEST_CASE("no message and no error shows a secret", "[errors]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    session.bearer_token("hidden-token");
    const std::string authority = test_server().http_authority();
    const std::string secrets =
        "http://someone:hidden-word@" + authority + "/reset?how=fin&key=hidden-key#hidden-fragment";
    const auto failure = co_await network_failure_of<ConnectionClosedError>(
        session.get(secrets).param("more", "hidden-parameter").header("X-Key", "hidden-header"));
    const std::string message = failure.what();
    CHECK(message.find("hidden") == std::string::npos);
    CHECK(message.find("someone") == std::string::npos);
    CHECK(message.find("GET " + test_server().http("/reset")) != std::string::npos);
    CHECK(failure.url() == test_server().http("/reset"));
  });
}

TEST_CASE("a URL that does not parse is not shown with its secrets either", "[errors]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    for (const std::string_view url :
         {"http://user:hidden@[bad/path?hidden", "ftp://user:hidden@host/?hidden",
          "http://user:hidden@host:port/#hidden", "https:user:hidden@ho st/"}) {
      CAPTURE(url);
      const auto failure = co_await failure_of<InvalidUrlError>(session.get(url));
      const std::string message = failure.what();
      CAPTURE(message);
      CHECK(message.find("hidden") == std::string::npos);
      check_failure(failure, ErrorCode::invalid_url, Phase::url);
    }
  });
}

TEST_CASE("errors are caught by every type above them", "[errors]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    int caught = 0;
    try {
      static_cast<void>(co_await session.get("/stall").timeout(50ms));
    } catch (const TimeoutError&) {
      ++caught;
    }
    try {
      static_cast<void>(co_await session.get("/stall").timeout(50ms));
    } catch (const RequestError& failure) {
      caught += failure.code() == ErrorCode::total_timeout ? 1 : 0;
    }
    try {
      static_cast<void>(co_await session.get(test_server().closed("/")));
    } catch (const NetworkError&) {
      ++caught;
    }
    try {
      static_cast<void>(co_await session.get("http://"));
    } catch (const Error&) {
      ++caught;
    }
    try {
      static_cast<void>(co_await session.get("/reset"));
    } catch (const std::exception&) {
      ++caught;
    }
    CHECK(caught == 5);
  });
}
