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

/// `url` leads to this request target in a session with that base.
Task<void> check_target(std::string base, std::string url, std::string expected) {
  AsyncSession session(base);
  const Response response = co_await session.get(url);
  const std::string seen = response.json().at("url").get<std::string>();
  CAPTURE(base, url);
  CHECK(seen.substr(seen.find('/', std::string_view("http://").size())) == expected);
}

/// `odd` is another way to write `plain`.
Task<void> check_same(std::string odd, std::string plain) {
  AsyncSession session;
  const Response response = co_await session.get(odd);
  CAPTURE(odd);
  CHECK(response.ok());
  CHECK(response.url() == plain);
}

/// The URL with the letters of scheme and host in upper case, which must not matter.
std::string shouted(std::string url) {
  return "HTTP" + url.substr(std::string_view("http").size());
}

}  // namespace

TEST_CASE("relative URLs are joined as links of a page are", "[urls]") {
  run_test([]() -> Task<void> {
    const std::string folder = test_server().http("/anything/api/");
    const std::string page = test_server().http("/anything/api");
    co_await check_target(folder, "users", "/anything/api/users");
    co_await check_target(page, "users", "/anything/users");
    co_await check_target(folder, "/anything", "/anything");
    co_await check_target(folder, "?q=1", "/anything/api/?q=1");
    co_await check_target(folder, "", "/anything/api/");
    co_await check_target(folder, "../b/./c", "/anything/b/c");
    co_await check_target(folder, "a/../../../../anything", "/anything");
  });
}

TEST_CASE("an absolute URL has no use for the base", "[urls]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().closed("/nobody/"));
    const Response response = co_await session.get(test_server().http("/get"));
    CHECK(response.url() == test_server().http("/get"));
  });
}

TEST_CASE("the base can be changed and counts for the requests after that", "[urls]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().closed());
    session.base_url(test_server().http("/anything/"));
    const Response first = co_await session.get("one");
    CHECK(first.url() == test_server().http("/anything/one"));
    session.base_url(test_server().other_origin());
    const Response second = co_await session.get("/get");
    CHECK(second.url() == test_server().other_origin("/get"));
  });
}

TEST_CASE("a URL is read by the WHATWG rules", "[urls]") {
  run_test([]() -> Task<void> {
    const std::string plain = test_server().http("/anything/a");
    const std::string authority = test_server().http_authority();
    const std::string port = authority.substr(authority.find(':'));
    co_await check_same("  " + plain + "\n", plain);
    co_await check_same(shouted(plain), plain);
    co_await check_same("http:\\\\" + authority + "\\anything\\a", plain);
    co_await check_same("http://127.1" + port + "/anything/a", plain);
    co_await check_same("http://0x7F000001" + port + "/anything/a", plain);
    co_await check_same("http://" + authority + "/any\nthing/\ta", plain);
    co_await check_same("http://" + authority + "/x/%2e%2E/anything/./a", plain);
  });
}

TEST_CASE("what a path cannot hold is percent-encoded, and what is encoded stays", "[urls]") {
  run_test([]() -> Task<void> {
    const std::string base = test_server().http();
    co_await check_target(base, "/anything/two words", "/anything/two%20words");
    co_await check_target(base, "/anything/\xC3\xBC", "/anything/%C3%BC");
    co_await check_target(base, "/anything/a%2Fb%20c", "/anything/a%2Fb%20c");
    co_await check_target(base, "/anything/<\"`{}>", "/anything/%3C%22%60%7B%7D%3E");
  });
}

TEST_CASE("a fragment is neither sent nor shown", "[urls]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/raw-headers?a=1#part");
    CHECK(response.json().at("target").get<std::string>() == "/raw-headers?a=1");
    CHECK(response.url() == test_server().http("/raw-headers?a=1"));
  });
}

TEST_CASE("user info in a URL is not shown and not sent as part of it", "[urls]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    const std::string url = "http://someone:secret@" + test_server().http_authority() + "/anything";
    const Response response = co_await session.get(url);
    CHECK(response.url() == test_server().http("/anything"));
    CHECK(Echo(response).json().at("url").get<std::string>() == test_server().http("/anything"));
  });
}

TEST_CASE("a URL with only an origin asks for the root", "[urls]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    const Response response = co_await session.get(test_server().http());
    CHECK(response.ok());
    CHECK(response.url() == test_server().http("/"));
  });
}
