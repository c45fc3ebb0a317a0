#include <catch2/catch_test_macros.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "support/echo.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

namespace {

std::string basic(std::string_view user_and_password) {
  return "Basic " + base64(user_and_password);
}

}  // namespace

TEST_CASE("basic_auth of the session lets every request in", "[authentication]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.basic_auth("ada", "p:a ss");
    const Response response = co_await session.get("/basic-auth/ada/p%3Aa%20ss");
    CHECK(response.status_code() == 200);
    const Echo echo = co_await echo_of(session.get("/anything"));
    CHECK(echo.header("Authorization") == basic("ada:p:a ss"));
  });
}

TEST_CASE("user and password go as UTF-8, and either may be empty", "[authentication]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo unicode =
        co_await echo_of(session.get("/anything").basic_auth("J\xC3\xBCrgen", "\xE2\x82\xAC"));
    CHECK(unicode.header("Authorization") == basic("J\xC3\xBCrgen:\xE2\x82\xAC"));
    const Echo empty = co_await echo_of(session.get("/anything").basic_auth("", ""));
    CHECK(empty.header("Authorization") == basic(":"));
  });
}

TEST_CASE("wrong credentials are an answer, not a failure", "[authentication]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.basic_auth("ada", "wrong");
    const Response response = co_await session.get("/hidden-basic-auth/ada/right");
    CHECK(response.status_code() == 404);
    const Response own = co_await session.get("/basic-auth/ada/right").basic_auth("ada", "right");
    CHECK(own.status_code() == 200);
  });
}

TEST_CASE("bearer_token is sent as it is given", "[authentication]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.bearer_token("abc.def-123");
    const Response response = co_await session.get("/bearer");
    CHECK(response.json().at("token").get<std::string>() == "abc.def-123");
    const Response own = co_await session.get("/bearer").bearer_token("own");
    CHECK(own.json().at("token").get<std::string>() == "own");
  });
}

TEST_CASE("the last of the session's credentials counts", "[authentication]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.basic_auth("a", "b").bearer_token("token");
    const Echo bearer = co_await echo_of(session.get("/anything"));
    CHECK(bearer.header("Authorization") == "Bearer token");
    session.basic_auth("a", "b");
    const Echo plain = co_await echo_of(session.get("/anything"));
    CHECK(plain.header("Authorization") == basic("a:b"));
  });
}

TEST_CASE("user info of a URL is sent as basic authentication", "[authentication]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    const std::string authority = test_server().http_authority();
    const Echo both =
        co_await echo_of(session.get("http://us%20er:p%40ss@" + authority + "/anything"));
    CHECK(both.header("Authorization") == basic("us er:p@ss"));
    const Echo user_only = co_await echo_of(session.get("http://user@" + authority + "/anything"));
    CHECK(user_only.header("Authorization") == basic("user:"));
  });
}

TEST_CASE("the nearest credential wins: header, request, URL, session header, session",
          "[authentication]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    const std::string with_user = "http://url:x@" + test_server().http_authority() + "/anything";
    const std::string plain = test_server().http("/anything");
    session.bearer_token("session");
    const Echo of_session = co_await echo_of(session.get(plain));
    CHECK(of_session.header("Authorization") == "Bearer session");
    session.headers().set("Authorization", "Custom default");
    const Echo of_default = co_await echo_of(session.get(plain));
    CHECK(of_default.header("Authorization") == "Custom default");
    const Echo of_url = co_await echo_of(session.get(with_user));
    CHECK(of_url.header("Authorization") == basic("url:x"));
    const Echo of_request = co_await echo_of(session.get(with_user).bearer_token("request"));
    CHECK(of_request.header("Authorization") == "Bearer request");
    const Echo of_header = co_await echo_of(
        session.get(with_user).header("authorization", "Custom own").bearer_token("request"));
    CHECK(of_header.header("Authorization") == "Custom own");
  });
}

TEST_CASE("a user with a colon or a token with a line break is refused", "[authentication]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    CHECK_THROWS_AS(session.basic_auth("a:b", "c"), RequestError);
    CHECK_THROWS_AS(session.bearer_token("a\r\nX-Evil: 1"), RequestError);
    const auto colon =
        co_await failure_of<RequestError>(session.get(tagged("/get", tag)).basic_auth("a:b", "c"));
    check_failure(colon, ErrorCode::invalid_request, Phase::none);
    const auto line_break =
        co_await failure_of<RequestError>(session.get(tagged("/get", tag)).bearer_token("a\nb"));
    check_failure(line_break, ErrorCode::invalid_request, Phase::none);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  });
}
