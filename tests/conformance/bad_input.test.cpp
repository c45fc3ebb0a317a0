// What is asked wrongly is a typed error before anything is sent.
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

namespace {

/// A session that tags every request, and knows whether the server has seen one.
class Watched {
 public:
  Watched() : session_(test_server().http()) {}

  [[nodiscard]] RequestBuilder get() { return session_.get(tagged("/get", tag_)); }
  [[nodiscard]] RequestBuilder post() { return session_.post(tagged("/post", tag_)); }
  [[nodiscard]] RequestBuilder request(std::string_view method) {
    return session_.request(method, tagged("/anything", tag_));
  }
  [[nodiscard]] AsyncSession& session() noexcept { return session_; }
  Task<void> check_nothing_sent() { return check(session_, tag_); }

 private:
  static Task<void> check(AsyncSession& session, std::string tag) {
    const Response alive = co_await session.get("/get");
    CHECK(alive.ok());
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  }
  std::string tag_ = unique_tag();
  AsyncSession session_;
};

/// A RequestError that says the request itself is wrong.
Task<void> check_refused(Task<Response> sent) {
  const auto failure = co_await failure_of<RequestError>(std::move(sent));
  check_failure(failure, ErrorCode::invalid_request, Phase::none);
}

Task<void> check_bad_url(std::string url) {
  CAPTURE(url);
  AsyncSession session;
  const auto failure = co_await failure_of<InvalidUrlError>(session.get(url));
  check_failure(failure, ErrorCode::invalid_url, Phase::url);
}

const std::string nul_in_the_middle("a\0b", 3);

}  // namespace

TEST_CASE("a URL that does not parse is InvalidUrlError", "[bad input]") {
  run_test([]() -> Task<void> {
    for (const std::string_view url :
         {"", "http://", "http:", "http:///", "http://ho st/", "http://host:99999/",
          "http://host:port/", "http://[::1", "http://[::g]/", "http://256.256.256.256/",
          "http://a%00b/", "http://a<b/", "//host/path", "/path", "path", "?query", "#fragment",
          "://host/", "1http://host/"}) {
      co_await check_bad_url(std::string(url));
    }
    co_await check_bad_url("http://h" + std::string(1, '\0') + "ost/");
  });
}

TEST_CASE("a scheme other than http and https is InvalidUrlError", "[bad input]") {
  run_test([]() -> Task<void> {
    for (const std::string_view url :
         {"ftp://127.0.0.1/", "file:///etc/passwd", "ws://127.0.0.1/", "data:text/plain,hello",
          "javascript:1", "mailto:a@b", "blob:http://127.0.0.1/1", "localhost:80/get",
          "httpx://127.0.0.1/"}) {
      co_await check_bad_url(std::string(url));
    }
  });
}

TEST_CASE("a base URL that does not parse makes each request InvalidUrlError", "[bad input]") {
  run_test([]() -> Task<void> {
    AsyncSession session("not a url");
    static_cast<void>(co_await failure_of<InvalidUrlError>(session.get("/get")));
    session.base_url("mailto:someone@example.com");
    static_cast<void>(co_await failure_of<InvalidUrlError>(session.get("/get")));
    session.base_url(test_server().http());
    const Response response = co_await session.get("/get");
    CHECK(response.ok());
  });
}

TEST_CASE("no header name or value carries CR, LF or NUL, by whichever way", "[bad input]") {
  run_test([]() -> Task<void> {
    Watched watched;
    for (const std::string& evil :
         {std::string("a\r\nX-Evil: 1"), std::string("a\nb"), std::string("a\rb"),
          nul_in_the_middle, std::string("\r\n\r\nGET / HTTP/1.1")}) {
      CAPTURE(evil);
      co_await check_refused(watched.get().header("X-A", "x" + evil + "x"));
      co_await check_refused(watched.get().add_header("X-A", "x" + evil + "x"));
      co_await check_refused(watched.get().header("X-A" + evil, "x"));
      co_await check_refused(watched.get().add_header("X-A" + evil, "x"));
      co_await check_refused(watched.post().body("b").content_type("x" + evil + "x"));
      co_await check_refused(watched.get().bearer_token("x" + evil + "x"));
      Headers& defaults = watched.session().headers();
      CHECK_THROWS_AS(defaults.set("X-A", "x" + evil + "x"), RequestError);
      CHECK_THROWS_AS(defaults.add("X-A", "x" + evil + "x"), RequestError);
      CHECK_THROWS_AS(defaults.set("X-A" + evil, "x"), RequestError);
      CHECK_THROWS_AS(defaults.add("X-A" + evil, "x"), RequestError);
      CHECK_THROWS_AS(watched.session().bearer_token("x" + evil + "x"), RequestError);
    }
    CHECK(watched.session().headers().empty());
    co_await watched.check_nothing_sent();
  });
}

TEST_CASE("a request hook cannot inject headers either", "[bad input]") {
  run_test([]() -> Task<void> {
    Watched watched;
    AsyncSession hooked(test_server().http());
    hooked.on_request([](Request& request) { request.headers().set("X-A", "a\r\nX-Evil: 1"); });
    const std::string tag = unique_tag();
    const auto failure = co_await failure_of<RequestError>(hooked.get(tagged("/get", tag)));
    CHECK(failure.code() == ErrorCode::invalid_request);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  });
}

TEST_CASE("what looks like injection in a URL or a parameter is only data", "[bad input]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response =
        co_await session.get("/raw-headers?a=\r\nX-Evil:1").param("b", "\r\nX-Evil: 1\r\n");
    const nlohmann::json seen = response.json();
    CHECK(seen.at("target").get<std::string>() ==
          "/raw-headers?a=X-Evil:1&b=%0D%0AX-Evil%3A%201%0D%0A");
    CHECK(seen.at("headers").dump().find("Evil") == std::string::npos);
  });
}

TEST_CASE("a header name that is no token is refused", "[bad input]") {
  run_test([]() -> Task<void> {
    Watched watched;
    for (const std::string_view name :
         {"", " ", "X A", "X:A", "X-A ", " X-A", "X(A)", "X\tA", "X\"A", "X-\xC3\xBC", "X\x7f"}) {
      CAPTURE(name);
      co_await check_refused(watched.get().header(name, "value"));
      CHECK_THROWS_AS(watched.session().headers().set(name, "value"), RequestError);
    }
    co_await watched.check_nothing_sent();
  });
}

TEST_CASE("a method that is no token, or that opens a tunnel, is refused", "[bad input]") {
  run_test([]() -> Task<void> {
    Watched watched;
    for (const std::string_view method : {"", " ", "GET ", "GE T", "GET\r\nX-Evil: 1", "G\xC3\x89T",
                                          "GET/", "CONNECT", "connect"}) {
      CAPTURE(method);
      co_await check_refused(watched.request(method));
    }
    co_await watched.check_nothing_sent();
  });
}

TEST_CASE("several bodies on one request are refused", "[bad input]") {
  run_test([]() -> Task<void> {
    Watched watched;
    const nlohmann::json value = 1;
    co_await check_refused(watched.post().body("a").body("b"));
    co_await check_refused(watched.post().json(value).body("b"));
    co_await check_refused(watched.post().body("a").json(value));
    co_await check_refused(watched.post().form("a", "b").json(value));
    co_await check_refused(watched.post().json(value).form("a", "b"));
    co_await check_refused(watched.post().form("a", "b").body("c"));
    co_await check_refused(watched.post().json(value).json(value));
    co_await watched.check_nothing_sent();
  });
}

TEST_CASE("an empty body is a body", "[bad input]") {
  run_test([]() -> Task<void> {
    Watched watched;
    co_await check_refused(watched.post().body("").body("b"));
    co_await check_refused(watched.post().body("a").body(""));
    co_await watched.check_nothing_sent();
  });
}

TEST_CASE("a generator and another body are refused", "[bad input]") {
  run_test([]() -> Task<void> {
    Watched watched;
    const nlohmann::json value = 1;
    co_await check_refused(watched.post().body(pieces_of(1, 1)).body("b"));
    co_await check_refused(watched.post().json(value).body(pieces_of(1, 1)));
    co_await check_refused(watched.post().form("a", "b").body(pieces_of(1, 1)));
    co_await check_refused(watched.post().body(pieces_of(1, 1)).body(pieces_of(1, 1), 1));
    co_await watched.check_nothing_sent();
  });
}

TEST_CASE("a body on GET that the backend cannot send is refused", "[bad input]") {
  if (capabilities().body_on_get) SKIP("this backend sends a body with GET");
  run_test([]() -> Task<void> {
    Watched watched;
    co_await check_refused(watched.get().body("a"));
    co_await watched.check_nothing_sent();
  });
}

TEST_CASE("a value that is no JSON is JsonError", "[bad input]") {
  run_test([]() -> Task<void> {
    Watched watched;
    const nlohmann::json not_utf8 = std::string("\xff\xfe");
    const auto failure = co_await failure_of<JsonError>(watched.post().json(not_utf8));
    check_failure(failure, ErrorCode::json, Phase::none);
    co_await watched.check_nothing_sent();
  });
}

TEST_CASE("the first thing that is wrong is the one that is told", "[bad input]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    const nlohmann::json not_utf8 = std::string("\xff");
    static_cast<void>(co_await failure_of<JsonError>(
        session.post("no url").json(not_utf8).header("bad name", "x")));
    static_cast<void>(co_await failure_of<RequestError>(
        session.post("no url").header("bad name", "x").json(not_utf8)));
  });
}

TEST_CASE("a closed session sends nothing more", "[bad input]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    co_await session.close();
    const auto failure = co_await failure_of<ClosedError>(session.get(tagged("/get", tag)));
    check_failure(failure, ErrorCode::closed, Phase::none);
    const auto stream = co_await failure_of<ClosedError>(session.get(tagged("/get", tag)).stream());
    CHECK(stream.code() == ErrorCode::closed);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  });
}

TEST_CASE("a session that was moved from is closed", "[bad input]") {
  run_test([]() -> Task<void> {
    AsyncSession first(test_server().http());
    AsyncSession second = std::move(first);
    CHECK_THROWS_AS(first.get("/get"),
                    ClosedError);  // NOLINT: the moved-from state is what is tested
    CHECK_THROWS_AS(first.default_timeout(std::chrono::seconds(1)), ClosedError);
    CHECK_THROWS_AS(first.headers(), ClosedError);
    const Response response = co_await second.get("/get");
    CHECK(response.ok());
  });
}
