#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <reqivo/headers.hpp>
#include <reqivo/session.hpp>
#include <reqivo/version.hpp>

#include "support/capability.hpp"
#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

namespace {

/// Repeated fields may be joined with or without a space after the comma.
std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

}  // namespace

TEST_CASE("a header is sent as it was set, and the last set wins", "[headers]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo echo = co_await echo_of(session.get("/headers")
                                           .header("X-Request-ID", "41")
                                           .header("x-request-id", "42")
                                           .header("X-Text", "a b; c=\"d\", ~"));
    CHECK(echo.header("X-Request-Id") == "42");
    CHECK(echo.header("X-Text") == "a b; c=\"d\", ~");
  });
}

TEST_CASE("add_header repeats a name", "[headers]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo echo = co_await echo_of(session.get("/headers")
                                           .header("X-Many", "one")
                                           .add_header("X-Many", "two")
                                           .add_header("x-many", "three"));
    CHECK(without_spaces(echo.header("X-Many")) == "one,two,three");
  });
}

TEST_CASE("headers sets many at once and keeps their repeats", "[headers]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    Headers fields;
    fields.add("X-Many", "a").add("X-Many", "b").add("X-One", "1");
    const Echo echo =
        co_await echo_of(session.get("/headers").header("X-Many", "before").headers(fields));
    CHECK(without_spaces(echo.header("X-Many")) == "a,b");
    CHECK(echo.header("X-One") == "1");
  });
}

TEST_CASE("an empty header value is sent, and white space around a value is not", "[headers]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo echo = co_await echo_of(
        session.get("/headers").header("X-Empty", "").header("X-Padded", " \t value \t"));
    CHECK(echo.header("X-Empty").empty());
    CHECK(echo.header("X-Padded") == "value");
  });
}

TEST_CASE("a value may hold as many blanks as a head may be long", "[headers]") {
  run_test([]() -> Task<void> {
    const int blanks = test_target() == "node" ? 12'000 : 60'000;  // a whole head has 16 KiB there
    RawScript script;
    script.send("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n")
        .send("Access-Control-Expose-Headers: *\r\nContent-Length: 0\r\nX-Blank: a")
        .send(" ", blanks)
        .send("b\r\n\r\n");
    AsyncSession session;
    const Response response = co_await session.get(script.url());
    const std::string value(response.headers().get("X-Blank").value_or(""));
    CHECK(value.size() == static_cast<std::size_t>(blanks) + 2);
  });
}

TEST_CASE("headers of the session go with every request, unless it sets them", "[headers]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.headers().set("Accept", "application/json").set("X-Default", "session");
    const Echo first = co_await echo_of(session.get("/headers"));
    CHECK(first.header("Accept") == "application/json");
    CHECK(first.header("X-Default") == "session");
    const Echo second = co_await echo_of(session.get("/headers").header("x-default", "own"));
    CHECK(second.header("X-Default") == "own");
    CHECK(second.header("Accept") == "application/json");
    session.headers().remove("X-Default");
    const Echo third = co_await echo_of(session.get("/headers"));
    CHECK(third.header("X-Default") == not_sent);
  });
}

TEST_CASE("a request names the library and accepts anything unless told otherwise", "[headers]") {
  require(capabilities().all_headers, "all_headers");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo plain = co_await echo_of(session.get("/headers"));
    CHECK(plain.header("User-Agent") == "reqivo/" REQIVO_VERSION);
    CHECK(plain.header("Accept") == "*/*");
    CHECK(plain.header("Host") == test_server().http_authority());
    const Echo own = co_await echo_of(session.get("/headers").header("User-Agent", "mine/1"));
    CHECK(own.header("User-Agent") == "mine/1");
  });
}

TEST_CASE("response headers are found whatever the case of the name", "[headers]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/response-headers?X-Answer=42&X-Blank=");
    const Headers& headers = response.headers();
    CHECK(headers.get("x-answer") == "42");
    CHECK(headers.get("X-ANSWER") == "42");
    CHECK(headers.contains("x-Answer"));
    CHECK(headers.get("X-Blank") == "");
    CHECK(headers.get("content-type") == "application/json");
    CHECK_FALSE(headers.get("X-Missing").has_value());
    CHECK_FALSE(headers.contains("X-Missing"));
    CHECK(headers.get_all("X-Missing").empty());
    CHECK(headers.size() ==
          static_cast<std::size_t>(std::distance(headers.begin(), headers.end())));
  });
}

TEST_CASE("each Set-Cookie of a response is kept by itself", "[headers]") {
  require(capabilities().set_cookie_visible, "set_cookie_visible");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/set-cookie-many");
    const auto cookies = response.headers().get_all("set-COOKIE");
    REQUIRE(cookies.size() == 4);
    CHECK(cookies[0] == "first=1; Path=/");
    CHECK(cookies[1] == "second=two; Path=/; Expires=Wed, 01 Jan 2098 00:00:00 GMT");
    CHECK(cookies[2] == "third=\"a, b\"; Path=/; HttpOnly");
    CHECK(cookies[3] == "first=again; Path=/get; SameSite=Lax");
  });
}

TEST_CASE("response headers are iterated in the order received, with repeats", "[headers]") {
  require(capabilities().headers_as_received, "headers_as_received");
  run_test([]() -> Task<void> {
    AsyncSession session;
    RawScript script;
    script.send(
        "HTTP/1.1 200 OK\r\nZebra: 1\r\nX-Twice: a\r\nApple: 2\r\nx-twice: b\r\n"
        "Content-Length: 0\r\n\r\n");
    const Response response = co_await session.get(script.url());
    std::string seen;
    for (const auto& [name, value] : response.headers()) seen.append(name + "=" + value + ";");
    CHECK(seen == "Zebra=1;X-Twice=a;Apple=2;x-twice=b;Content-Length=0;");
  });
}

TEST_CASE("what is around a value or in a reason is taken alike everywhere", "[headers]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    RawScript script;
    script.answer("HTTP/1.1 200 N\xC3\xA3o",
                  "X-Around: \t a b \t \r\nX-None:  \r\nContent-Length: 0\r\n", "");
    const Response response = co_await session.get(script.url());
    CHECK(response.headers().get("X-Around") == "a b");
    CHECK(response.headers().get("X-None") == "");
    CHECK(response.reason() == "N\xC3\xA3o");
  });
}

TEST_CASE("a response with very many headers within the limits is whole", "[headers]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    std::string fields;
    for (int i = 0; i < 200; ++i) fields += "X-F" + std::to_string(i) + ": v\r\n";
    RawScript script;
    script.answer("HTTP/1.1 200 OK", fields + "Content-Length: 2\r\n", "ok");
    const Response response = co_await session.get(script.url());
    CHECK(response.headers().contains("X-F0"));
    CHECK(response.headers().contains("X-F199"));
    CHECK(response.body() == "ok");
  });
}

TEST_CASE("a head beyond head_size or header_count is limit_exceeded", "[headers]") {
  require(capabilities().connection_limits, "connection_limits");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().head_size(4096).header_count(40));
    static_cast<void>(co_await session.get("/get"));
    const std::string large = "/response-headers?X-Large=" + std::string(5000, 'x');
    const auto too_large = co_await failure_of<InvalidResponseError>(session.get(large));
    check_failure(too_large, ErrorCode::limit_exceeded, Phase::head, false);
    std::string many = "/response-headers?a=1";
    for (int i = 0; i < 50; ++i) many += "&X-F" + std::to_string(i) + "=v";
    const auto too_many = co_await failure_of<InvalidResponseError>(session.get(many));
    check_failure(too_many, ErrorCode::limit_exceeded, Phase::head, false);
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}
