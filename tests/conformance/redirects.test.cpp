#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "support/capability.hpp"
#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

namespace {

constexpr std::array<int, 5> redirect_codes = {301, 302, 303, 307, 308};
constexpr std::array<std::string_view, 6> methods = {"GET",   "POST",   "PUT",
                                                     "PATCH", "DELETE", "OPTIONS"};

constexpr std::array<const char*, 3> framings = {"length", "chunked", "close"};

/// Fetch Standard, "HTTP-redirect fetch", step 12.
bool becomes_get(int code, std::string_view method) {
  if (code == 303) return method != "GET" && method != "HEAD";
  return (code == 301 || code == 302) && method == "POST";
}

Task<void> check_method_after(AsyncSession& session, int code, std::string method) {
  CAPTURE(code, method);
  const bool with_body = method != "GET" && method != "OPTIONS";
  RequestBuilder request =
      session.request(method, "/redirect-status/" + std::to_string(code)).header("X-Kept", "yes");
  if (with_body) request.body("the body").content_type("text/x-test");
  const Response response = co_await request;
  REQUIRE(response.status_code() == 200);
  const Echo echo(response);
  CHECK(echo.header("X-Kept") == "yes");
  if (becomes_get(code, method)) {
    CHECK(echo.method() == "GET");
    CHECK(echo.data().empty());
    CHECK(echo.header("Content-Type") == not_sent);
    CHECK(echo.header("Content-Length") == not_sent);
  } else {
    CHECK(echo.method() == method);
    CHECK(echo.data() == (with_body ? "the body" : ""));
    if (with_body) CHECK(echo.header("Content-Type") == "text/x-test");
  }
}

}  // namespace

TEST_CASE("each redirect keeps or changes method and body as the Fetch Standard says",
          "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const int code : redirect_codes) {
      for (const std::string_view method : methods) {
        co_await check_method_after(session, code, std::string(method));
      }
    }
  });
}

TEST_CASE("HEAD stays HEAD across every redirect", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const int code : redirect_codes) {
      CAPTURE(code);
      const Response response =
          co_await session.head("/redirect-status/" + std::to_string(code) + "?to=/bytes/77");
      CHECK(response.status_code() == 200);
      CHECK(response.headers().get("Content-Length") == "77");
      CHECK(response.body().empty());
      CHECK(response.url() == test_server().http("/bytes/77"));
    }
  });
}

TEST_CASE("relative and absolute redirects lead to the last URL", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response relative = co_await session.get("/relative-redirect/3");
    CHECK(relative.url() == test_server().http("/get"));
    const Response absolute = co_await session.get("/absolute-redirect/3");
    CHECK(absolute.url() == test_server().http("/get"));
    const Response other = co_await session.get("/redirect-cross?to=/get");
    CHECK(other.url() == test_server().other_origin("/get"));
  });
}

TEST_CASE("history tells the redirects that were followed, first one first", "[redirects]") {
  require(capabilities().manual_redirects, "manual_redirects");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response =
        co_await session.get("/redirect-status/307?to=/redirect-status/301?to=/get#part");
    CHECK(response.url() == test_server().http("/get"));
    REQUIRE(response.history().size() == 2);
    CHECK(response.history()[0].status_code() == 307);
    CHECK(response.history()[0].url() ==
          test_server().http("/redirect-status/307?to=/redirect-status/301?to=/get"));
    CHECK(response.history()[1].status_code() == 301);
    CHECK(response.history()[1].url() == test_server().http("/redirect-status/301?to=/get"));
    const Response direct = co_await session.get("/get");
    CHECK(direct.history().empty());
  });
}

TEST_CASE("a Location is relative to the URL that redirects", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response sibling = co_await session.get("/redirect-status/302?to=404/../../get");
    CHECK(sibling.url() == test_server().http("/get"));
    const Response scheme_relative = co_await session.get(
        "/redirect-status/302?to=//" + test_server().http_authority() + "/anything/x");
    CHECK(scheme_relative.url() == test_server().http("/anything/x"));
    const Response with_fragment = co_await session.get("/redirect-status/302?to=/get%23part");
    CHECK(with_fragment.url() == test_server().http("/get"));
    const Response with_spaces =
        co_await session.get("/redirect-status/302?to=/anything/two%20words");
    CHECK(with_spaces.url() == test_server().http("/anything/two%20words"));
  });
}

TEST_CASE("3xx answers that are no redirects, or say not where to, are responses", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const int code : {300, 304, 305, 306, 399}) {
      CAPTURE(code);
      const Response response =
          co_await session.get("/redirect-status/" + std::to_string(code) + "?to=/get");
      CHECK(response.status_code() == code);
      CHECK_FALSE(response.ok());
    }
    RawScript script;
    script.answer("HTTP/1.1 302 Found", "Content-Length: 7\r\n", "nowhere");
    const Response nowhere = co_await session.get(script.url());
    CHECK(nowhere.status_code() == 302);
    CHECK(nowhere.body() == "nowhere");
  });
}

TEST_CASE("20 redirects are followed and one more is an error", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response followed = co_await session.get("/redirect/20");
    CHECK(followed.url() == test_server().http("/get"));
    const auto failure = co_await network_failure_of<TooManyRedirects>(session.get("/redirect/21"));
    check_network_failure(failure, ErrorCode::too_many_redirects, Phase::head, false);
  });
}

TEST_CASE("max_redirects of the session or the request sets another limit", "[redirects]") {
  require(capabilities().manual_redirects, "manual_redirects");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.max_redirects(2);
    const Response two = co_await session.get("/redirect/2");
    CHECK(two.history().size() == 2);
    const auto three = co_await failure_of<TooManyRedirects>(session.get("/redirect/3"));
    check_failure(three, ErrorCode::too_many_redirects, Phase::head, false);
    const Response own = co_await session.get("/redirect/25").max_redirects(25);
    CHECK(own.history().size() == 25);
    const auto none =
        co_await failure_of<TooManyRedirects>(session.get("/redirect/1").max_redirects(0));
    check_failure(none, ErrorCode::too_many_redirects, Phase::head, false);
  });
}

TEST_CASE("redirects that lead in a circle are RedirectLoopError", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const auto loop = co_await network_failure_of<RedirectLoopError>(session.get("/redirect-loop"));
    check_network_failure(loop, ErrorCode::redirect_loop, Phase::head, false);
    const auto ring =
        co_await network_failure_of<RedirectLoopError>(session.get("/redirect-ring/a"));
    check_network_failure(ring, ErrorCode::redirect_loop, Phase::head, false);
  });
}

TEST_CASE("Redirect::error makes a redirect an error", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.redirect(Redirect::error);
    const auto failure = co_await failure_of<TooManyRedirects>(session.get("/redirect/1"));
    check_failure(failure, ErrorCode::too_many_redirects, Phase::head, false);
    const Response plain = co_await session.get("/get");
    CHECK(plain.ok());
    const Response own = co_await session.get("/redirect/1").redirect(Redirect::follow);
    CHECK(own.url() == test_server().http("/get"));
  });
}

TEST_CASE("Redirect::manual gives the redirect itself", "[redirects]") {
  require(capabilities().manual_redirects, "manual_redirects");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/redirect/2").redirect(Redirect::manual);
    CHECK(response.status_code() == 302);
    CHECK(response.headers().get("Location") == "/relative-redirect/1");
    CHECK(response.url() == test_server().http("/redirect/2"));
    CHECK(response.history().empty());
    session.redirect(Redirect::manual);
    const Response post = co_await session.post("/redirect-status/307").body("kept here");
    CHECK(post.status_code() == 307);
  });
}

TEST_CASE("Authorization stays within its origin, however it is spelled", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const std::string_view name : {"Authorization", "authorization", "AUTHORIZATION"}) {
      const Echo same = co_await echo_of(
          session.get("/redirect-status/302").header(name, "Secret a").header("X-Kept", "yes"));
      CHECK(same.header("Authorization") == "Secret a");
      const Echo cross = co_await echo_of(
          session.get("/redirect-cross").header(name, "Secret a").header("X-Kept", "yes"));
      CHECK(cross.header("Authorization") == not_sent);
      CHECK(cross.header("X-Kept") == "yes");
    }
  });
}

TEST_CASE("no credential of session, request or URL goes to another origin", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.bearer_token("session-secret");
    const Echo bearer = co_await echo_of(session.get("/redirect-cross"));
    CHECK(bearer.header("Authorization") == not_sent);
    const Echo basic =
        co_await echo_of(session.get("/redirect-cross").basic_auth("user", "request-secret"));
    CHECK(basic.header("Authorization") == not_sent);
    AsyncSession defaults(test_server().http());
    defaults.headers().set("aUTHORIZATION", "Secret default");
    const Echo by_default = co_await echo_of(defaults.get("/redirect-cross"));
    CHECK(by_default.header("Authorization") == not_sent);
    const Echo of_url = co_await echo_of(defaults.get(
        "http://user:url-secret@" + test_server().http_authority() + "/redirect-cross"));
    CHECK(of_url.header("Authorization") == not_sent);
  });
}

TEST_CASE("no cookie and no proxy credential goes to another origin", "[redirects]") {
  require(capabilities().all_headers, "all_headers");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.headers().set("COOKIE", "default=1");
    const Echo same = co_await echo_of(session.get("/redirect-status/307")
                                           .header("cookie", "id=1")
                                           .header("proxy-Authorization", "Secret p"));
    CHECK(same.header("Cookie") == "id=1");
    CHECK(same.header("Proxy-Authorization") == "Secret p");
    const Echo cross = co_await echo_of(session.get("/redirect-cross?status_code=307")
                                            .header("cookie", "id=1")
                                            .header("PROXY-authorization", "Secret p"));
    CHECK(cross.header("Cookie") == not_sent);
    CHECK(cross.header("Proxy-Authorization") == not_sent);
    CHECK(cross.header("Host") != test_server().http_authority());
  });
}

TEST_CASE("a credential that was dropped does not come back with the first origin", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::string there_and_back = "/redirect-cross?to=/redirect-cross?to=/anything";
    const Echo echo = co_await echo_of(session.get(there_and_back).bearer_token("secret"));
    CHECK(echo.header("Host") == test_server().http_authority());
    CHECK(echo.header("Authorization") == not_sent);
  });
}

TEST_CASE("a Location that no client may follow is an invalid response", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const std::string_view location :
         {"file:///etc/passwd", "ftp://127.0.0.1/", "javascript:1", "http://", "http://[bad"}) {
      CAPTURE(location);
      RawScript script;
      script.answer("HTTP/1.1 302 Found",
                    "Content-Length: 0\r\nLocation: " + std::string(location) + "\r\n", "");
      const auto failure =
          co_await network_failure_of<InvalidResponseError>(session.get(script.url()));
      check_network_failure(failure, ErrorCode::invalid_response, Phase::head, false);
    }
  });
}

TEST_CASE("a Location's bytes stand for themselves, whatever their charset", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const std::string_view word : {"%FC", "%C3%BC"}) {
      CAPTURE(word);
      const std::string bytes = word == "%FC" ? "\xFC" : "\xC3\xBC";
      RawScript script;
      script.answer(
          "HTTP/1.1 302 Found",
          "Content-Length: 0\r\nLocation: " + test_server().http("/anything/") + bytes + "\r\n",
          "");
      const Response response = co_await session.get(script.url());
      CHECK(response.url() == test_server().http("/anything/") + std::string(word));
    }
  });
}

TEST_CASE("two Locations that differ lead nowhere", "[redirects]") {
  // Node joins them, so that they cannot be told from one.
  require(capabilities().headers_as_received || !capabilities().manual_redirects,
          "headers_as_received");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    RawScript differing;
    differing.answer("HTTP/1.1 302 Found",
                     "Content-Length: 0\r\nLocation: /get?1\r\nLocation: /get?2\r\n", "");
    const auto failure =
        co_await network_failure_of<InvalidResponseError>(session.get(differing.url()));
    check_network_failure(failure, ErrorCode::invalid_response, Phase::head, false);
  });
}

TEST_CASE("a streamed body is not sent twice", "[redirects]") {
  require(capabilities().streamed_upload, "streamed_upload");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const auto failure = co_await failure_of<RequestError>(
        session.post("/redirect-status/307").body(pieces_of(3, 10)));
    check_failure(failure, ErrorCode::invalid_request, Phase::head, false);
    const Response see_other = co_await session.post("/redirect-status/303").body(pieces_of(3, 10));
    CHECK(Echo(see_other).method() == "GET");
  });
}

TEST_CASE("a failure behind a redirect is told by the request that failed, and is not retryable",
          "[redirects]") {
  require(capabilities().network_error_detail, "network_error_detail");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const auto failure =
        co_await failure_of<ConnectError>(session.post("/redirect-to")
                                              .param("url", test_server().closed("/gone"))
                                              .param("status_code", 303)
                                              .body("acted on"));
    // The server has acted on the POST, although the GET that followed it reached nobody.
    check_failure(failure, ErrorCode::connect, Phase::connect, false);
    CHECK(failure.method() == "GET");
    CHECK(failure.url() == test_server().closed("/gone"));
  });
}

TEST_CASE("a body that fails behind a redirect is told by the URL that it came from",
          "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().body_size(100));
    const auto failure =
        co_await failure_of<InvalidResponseError>(session.get("/redirect-to?url=/bytes/5000"));
    check_failure(failure, ErrorCode::limit_exceeded, Phase::body, false);
    CHECK(failure.url() == test_server().http("/bytes/5000"));
  });
}

TEST_CASE("a redirect whose body does not end is followed all the same", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* const framing : framings) {
      CAPTURE(framing);
      const Response response = co_await session.get("/redirect-drip")
                                    .param("framing", framing)
                                    .timeout(std::chrono::seconds(10));
      CHECK(response.status_code() == 200);
      CHECK(response.url() == test_server().http("/get"));
    }
  });
}

TEST_CASE("a stream follows redirects like any response", "[redirects]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/redirect-to?url=/bytes/5000%3Fseed=3").stream();
    CHECK(stream.status_code() == 200);
    CHECK(stream.url() == test_server().http("/bytes/5000?seed=3"));
    const std::string body = co_await rest_of(std::move(stream));
    CHECK(body == seeded_bytes(5000, 3));
  });
}
