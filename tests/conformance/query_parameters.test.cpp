#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <reqivo/session.hpp>
#include <string>
#include <vector>

#include "support/echo.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

namespace {

/// The request target as it was received, "/raw-headers" cut off.
Task<std::string> query_of(Task<Response> sent) {
  const Response response = co_await std::move(sent);
  const std::string target = response.json().at("target").get<std::string>();
  co_return target.substr(std::string_view("/raw-headers").size());
}

}  // namespace

TEST_CASE("a parameter is percent-encoded, a space as %20", "[query]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::string query =
        co_await query_of(session.get("/raw-headers").param("q", "two words"));
    CHECK(query == "?q=two%20words");
  });
}

TEST_CASE("what means something in a URL arrives as plain text", "[query]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::string reserved = "a&b=c+d#e%20f?g/h:i;j\"k'l<m>n\\o[p]|q^r`s{t}";
    const std::string unicode =
        "Gr\xC3\xBC\xC3\x9F"
        "e \xE4\xB8\x96\xE7\x95\x8C \xF0\x9D\x84\x9E";
    const Echo echo = co_await echo_of(session.get("/anything")
                                           .param("reserved", reserved)
                                           .param("unicode", unicode)
                                           .param("na&me=", "v")
                                           .param("empty", ""));
    CHECK(echo.arg("reserved") == reserved);
    CHECK(echo.arg("unicode") == unicode);
    CHECK(echo.arg("na&me=") == "v");
    CHECK(echo.arg("empty").empty());
    CHECK(echo.json().at("args").size() == 4);
  });
}

TEST_CASE("numbers and flags are written in full", "[query]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Echo echo = co_await echo_of(session.get("/anything")
                                           .param("int", -5)
                                           .param("low", std::numeric_limits<std::int64_t>::min())
                                           .param("high", std::numeric_limits<std::uint64_t>::max())
                                           .param("on", true)
                                           .param("off", false));
    CHECK(echo.arg("int") == "-5");
    CHECK(echo.arg("low") == "-9223372036854775808");
    CHECK(echo.arg("high") == "18446744073709551615");
    CHECK(echo.arg("on") == "true");
    CHECK(echo.arg("off") == "false");
  });
}

TEST_CASE("an optional parameter without a value is left out", "[query]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::optional<int> missing;
    const std::optional<std::string> given = "yes";
    const std::string query =
        co_await query_of(session.get("/raw-headers").param("a", missing).param("b", given));
    CHECK(query == "?b=yes");
  });
}

TEST_CASE("params takes a map or a list of pairs, in its order", "[query]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::map<std::string, int> numbers;
    numbers["one"] = 1;
    numbers["two"] = 2;
    std::vector<std::pair<std::string, std::string>> pairs;
    pairs.emplace_back("z", "1");
    pairs.emplace_back("a", "2");
    pairs.emplace_back("z", "3");
    const std::string query =
        co_await query_of(session.get("/raw-headers").params(numbers).params(pairs));
    CHECK(query == "?one=1&two=2&z=1&a=2&z=3");
  });
}

TEST_CASE("parameters come behind the query of the URL and before its fragment", "[query]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::string behind = co_await query_of(session.get("/raw-headers?a=1&a=2").param("a", 3));
    CHECK(behind == "?a=1&a=2&a=3");
    const std::string before =
        co_await query_of(session.get("/raw-headers?a=1#fragment").param("b", 2));
    CHECK(before == "?a=1&b=2");
    const std::string empty = co_await query_of(session.get("/raw-headers?").param("b", 2));
    CHECK(empty == "?b=2");
  });
}

TEST_CASE("a query in the URL is sent as it is written", "[query]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::string query = co_await query_of(session.get("/raw-headers?a=b+c%2Bd&&e;f=%41"));
    CHECK(query == "?a=b+c%2Bd&&e;f=%41");
  });
}
