// Putting a URL together without parsing it must never give another one than the parser does.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "platform/url.hpp"

namespace reqivo::test {
namespace {

using detail::Url;

constexpr std::array<std::string_view, 5> known_urls = {"http://host/", "http://host:8080/a/b?c#d",
                                                        "https://[::1]:444/x",
                                                        "http://user:pw@host/a", "ws://host/a"};

/// Every byte once in a path and once in a query, and what paths treat in a special way.
template <class Check>
void for_each_target(const Check& check) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string character(1, static_cast<char>(byte));
    check("/a" + character + "b");
    check("/" + character);
    check("/a?b" + character + "c");
    check("/a" + character);
  }
  for (const std::string_view target :
       {"",         "/",        "//",       "//other/a", "/.",          "/..",   "/./a",
        "/../a",    "/a/./b",   "/a/../b",  "/a/..",     "/a/.",        "/.a",   "/..a",
        "/a..",     "/a./b",    "/%2e",     "/%2E%2e/a", "/a/%2e%2e/b", "/a?",   "/?",
        "/a?/../b", "/a??b",    "/a?b#c",   "/a//b",     "/a/",         "/C:/a", "/a:80",
        "/@b",      "/a;b=c,d", "/a?x='y'", "/a?x=%zz",  "?a",          "a",     "a/b",
        "..",       "#f",       "/a b",     " /a",       "/a "}) {
    check(std::string(target));
  }
}

void check_same(const std::optional<Url>& url, const std::optional<Url>& parsed) {
  if (!url) return;
  REQUIRE(parsed);
  CHECK(url->href() == parsed->href());
  CHECK(url->scheme() == parsed->scheme());
  CHECK(url->username() == parsed->username());
  CHECK(url->password() == parsed->password());
  CHECK(url->host() == parsed->host());
  CHECK(url->port() == parsed->port());
  CHECK(url->has_port() == parsed->has_port());
  CHECK(url->target() == parsed->target());
  CHECK(url->fragment() == parsed->fragment());
}

/// None: it is left to the parser.
std::optional<Url> put_together(std::string_view text, const Url& known, bool known_is_base) {
  Url url = *detail::parse_url("ftp://someone:secret@elsewhere:1/b?c#d");  // all of it must go
  std::string input(text);
  if (!detail::assign_plain_target(url, input, known, known_is_base)) {
    CHECK(input == text);
    return std::nullopt;
  }
  return url;
}

std::string origin_of(const Url& url) {
  return url.href().substr(0, url.href().find('/', url.scheme().size() + 3));
}

}  // namespace

TEST_CASE("a URL put together from an origin and a path is the one the parser gives", "[url]") {
  for (const std::string_view text : known_urls) {
    const Url known = *detail::parse_url(text);
    for_each_target([&](const std::string& target) {
      INFO(text << " and " << target);
      const std::string absolute = origin_of(known) + target;
      check_same(put_together(absolute, known, false), detail::parse_url(absolute));
      check_same(put_together(absolute, known, true), detail::parse_url(absolute, &known));
      check_same(put_together(target, known, true), detail::parse_url(target, &known));
    });
  }
}

TEST_CASE("a plain path is put behind a known origin without parsing", "[url]") {
  const Url known = *detail::parse_url("http://host:8080/a?b#c");
  const auto url = put_together("/items/4711?page=2&size=50", known, true);
  REQUIRE(url);
  CHECK(url->href() == "http://host:8080/items/4711?page=2&size=50");
  CHECK(url->target() == "/items/4711?page=2&size=50");
  CHECK(put_together("http://host:8080/items", known, false));
}

TEST_CASE("what is not a known origin and a plain path is left to the parser", "[url]") {
  const Url known = *detail::parse_url("http://host/");
  for (const std::string_view input : {"http://hostile/", "http://host:80/", "HTTP://host/",
                                       "http://host", "http://host//a", "/a", "http://other/"}) {
    INFO(input);
    CHECK_FALSE(put_together(input, known, false));
  }
  CHECK_FALSE(put_together("/a", *detail::parse_url("http://u:p@host/"), true));
  CHECK_FALSE(put_together("/a", *detail::parse_url("ws://host/"), true));
}

}  // namespace reqivo::test
