#include "platform/url.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/capability.hpp"
#include "url_cases.hpp"

namespace {

using reqivo::detail::parse_url;
using reqivo::detail::Url;
using reqivo::detail::with_query_parameters;
using reqivo::detail::without_user_info_and_fragment;
using reqivo::test::test_target;

/// Of a URL that must parse.
Url parsed(std::string_view text) {
  const std::optional<Url> url = parse_url(text);
  REQUIRE(url);
  return *url;
}

/// `href` of what parses, "" of what does not.
std::string href_of(std::string_view text) {
  const std::optional<Url> url = parse_url(text);
  return url ? url->href() : std::string();
}

/// All parts of `url` are those that its own `href` has.
void check_parts_agree(const Url& url) {
  const Url again = parsed(url.href());
  CHECK(again.href() == url.href());
  CHECK(again.scheme() == url.scheme());
  CHECK(again.username() == url.username());
  CHECK(again.password() == url.password());
  CHECK(again.host() == url.host());
  CHECK(again.port() == url.port());
  CHECK(again.has_port() == url.has_port());
  CHECK(again.target() == url.target());
  CHECK(again.fragment() == url.fragment());
}

std::string with_parameter(std::string_view text, std::string_view name, std::string_view value) {
  const Url url = with_query_parameters(parsed(text), {{std::string(name), std::string(value)}});
  check_parts_agree(url);
  return url.href();
}

std::string stripped(std::string_view text) {
  const Url url = without_user_info_and_fragment(parsed(text));
  check_parts_agree(url);
  CHECK(url.username().empty());
  CHECK(url.password().empty());
  CHECK(url.fragment().empty());
  return url.href();
}

}  // namespace

TEST_CASE("absolute URLs are parsed and serialised by the URL Standard", "[url]") {
  for (const auto& [input, standard] : url_cases::absolute) {
    CAPTURE(input);
    const std::string_view href = url_cases::expected(test_target(), input, standard);
    const std::optional<Url> url = parse_url(input);
    CHECK((url ? std::string_view(url->href()) : url_cases::refused) == href);
    if (url) check_parts_agree(*url);
  }
}

TEST_CASE("relative URLs are joined with their base by the URL Standard", "[url]") {
  for (const auto& [input, base_text, href] : url_cases::relative) {
    CAPTURE(input, base_text);
    const Url base = parsed(base_text);
    const std::optional<Url> url = parse_url(input, &base);
    CHECK((url ? std::string_view(url->href()) : url_cases::refused) == href);
  }
}

TEST_CASE("an absolute URL does not need its base", "[url]") {
  const Url base = parsed("https://u:p@base:81/a?b#c");
  for (const auto& [input, standard] : url_cases::absolute) {
    CAPTURE(input);
    const std::string_view href = url_cases::expected(test_target(), input, standard);
    if (href.empty() || href.starts_with("https:")) continue;
    const std::optional<Url> url = parse_url(input, &base);
    REQUIRE(url);
    CHECK(url->href() == href);
  }
}

TEST_CASE("a base without a parsed URL gives nothing", "[url]") {
  const Url empty;
  CHECK_FALSE(parse_url("http://host/", &empty));
}

TEST_CASE("a URL is taken apart", "[url]") {
  const Url url = parsed("HTTPS://us%65r:p%40w@HOST.example:8443/a%20b/../c?d=e&f#g h");
  CHECK(url.href() == "https://us%65r:p%40w@host.example:8443/c?d=e&f#g%20h");
  CHECK(url.scheme() == "https");
  CHECK(url.username() == "us%65r");
  CHECK(url.password() == "p%40w");
  CHECK(url.host() == "host.example");
  CHECK(url.port() == 8443);
  CHECK(url.has_port());
  CHECK(url.target() == "/c?d=e&f");
  CHECK(url.fragment() == "g%20h");
}

TEST_CASE("user info, host and port are told apart", "[url]") {
  struct Case {
    std::string_view text, username, password, host;
    std::uint16_t port;
  };
  for (const Case& expected : {
           Case{"http://h/", "", "", "h", 80},
           Case{"http://u@h/", "u", "", "h", 80},
           Case{"http://u:@h/", "u", "", "h", 80},
           Case{"http://:p@h/", "", "p", "h", 80},
           Case{"http://@h/", "", "", "h", 80},
           Case{"http://u:p:q@h:81/", "u", "p%3Aq", "h", 81},
           Case{"http://u@v:p@h:81/", "u%40v", "p", "h", 81},
           Case{"https://u:p@[1::2]:444/", "u", "p", "[1::2]", 444},
           Case{"https://[1::2]/", "", "", "[1::2]", 443},
           Case{"http://h/a:b@c", "", "", "h", 80},
           Case{"http://h?a:b@c", "", "", "h", 80},
           Case{"http://h#a:b@c/", "", "", "h", 80},
           Case{"file:///a:b@c", "", "", "", 0},
           Case{"mailto:a:b@c", "", "", "", 0},
       }) {
    CAPTURE(expected.text);
    const Url url = parsed(expected.text);
    CHECK(url.username() == expected.username);
    CHECK(url.password() == expected.password);
    CHECK(url.has_user_info() == !(expected.username.empty() && expected.password.empty()));
    CHECK(url.host() == expected.host);
    CHECK(url.port() == expected.port);
  }
}

TEST_CASE("a URL's port is the one to connect to", "[url]") {
  CHECK(parsed("http://h").port() == 80);
  CHECK(parsed("https://h").port() == 443);
  CHECK(parsed("ws://h").port() == 80);
  CHECK(parsed("wss://h").port() == 443);
  CHECK(parsed("ftp://h").port() == 21);
  CHECK(parsed("foo://h").port() == 0);
  CHECK_FALSE(parsed("http://h:80").has_port());
  CHECK(parsed("http://h:443").port() == 443);
  CHECK(parsed("http://h:443").has_port());
  CHECK(parsed("http://h:0").port() == 0);
  CHECK(parsed("http://h:0").has_port());
  CHECK(parsed("http://h:65535").port() == 65535);
}

TEST_CASE("a URL's target is what goes into the request line", "[url]") {
  CHECK(parsed("http://h").target() == "/");
  CHECK(parsed("http://h?").target() == "/?");  // browsers send the '?' too
  CHECK(parsed("http://h/?#f").target() == "/?");
  CHECK(parsed("http://h?q").target() == "/?q");
  CHECK(parsed("http://h#f?q").target() == "/");
  CHECK(parsed("http://h/a?b?c#d?e#f").target() == "/a?b?c");
  CHECK(parsed("http://h//a").target() == "//a");
  CHECK(parsed("http://h/#").fragment().empty());
  CHECK(parsed("http://h/#").has_fragment());
  CHECK_FALSE(parsed("http://h/").has_fragment());
  CHECK(parsed("http://u:p@h:81/a?b#c").before_target() == "http://u:p@h:81");
  CHECK(parsed("http://[::1]:81/a").host() == "[::1]");
  CHECK(parsed("mailto:a@b").target() == "a@b");
}

TEST_CASE("malformed UTF-8 in a URL is what a browser would see: U+FFFD", "[url]") {
  CHECK(href_of("http://h/\xFF") == "http://h/%EF%BF%BD");
  CHECK(href_of("http://h/?\xC3") == "http://h/?%EF%BF%BD");
  CHECK(href_of("http://h/\xE2\x82/\xC3\xA4") == "http://h/%EF%BF%BD/%C3%A4");
  CHECK(href_of("http://h\xFF/") == "");
  const Url base = parsed("http://h/");
  CHECK(parse_url("\xFF", &base)->href() == "http://h/%EF%BF%BD");
}

TEST_CASE("NUL is encoded in a path and refused in a host", "[url]") {
  using namespace std::string_view_literals;
  CHECK(href_of("http://h/a\0b"sv) == "http://h/a%00b");
  CHECK(href_of("http://a\0b/"sv) == "");
}

TEST_CASE("an origin is scheme, host and port", "[url]") {
  const Url url = parsed("http://u:p@host/a?b#c");
  CHECK(url.same_origin(parsed("http://HOST:80/other")));
  CHECK_FALSE(url.same_origin(parsed("https://host/a")));
  CHECK_FALSE(url.same_origin(parsed("https://host:80/a")));
  CHECK_FALSE(url.same_origin(parsed("http://host:81/a")));
  CHECK_FALSE(url.same_origin(parsed("http://host./a")));
}

TEST_CASE("a query parameter goes behind the query and before the fragment", "[url]") {
  CHECK(with_parameter("http://h", "a", "1") == "http://h/?a=1");
  CHECK(with_parameter("http://h/p?x=y", "a", "1") == "http://h/p?x=y&a=1");
  CHECK(with_parameter("http://h/p?", "a", "1") == "http://h/p?a=1");
  CHECK(with_parameter("http://h/p#f?g", "a", "1") == "http://h/p?a=1#f?g");
  CHECK(with_parameter("http://h/p?x#f", "a", "1") == "http://h/p?x&a=1#f");
  CHECK(with_parameter("http://h/p?#f", "a", "1") == "http://h/p?a=1#f");
  CHECK(with_parameter("http://h/p#", "a", "1") == "http://h/p?a=1#");
  CHECK(with_parameter("http://u:p@h:81/p??", "a", "1") == "http://u:p@h:81/p??&a=1");
}

TEST_CASE("query parameters are encoded, a space as %20", "[url]") {
  CHECK(with_parameter("http://h/", "two words", "a+b&c=d#e") ==
        "http://h/?two%20words=a%2Bb%26c%3Dd%23e");
  CHECK(with_parameter("http://h/", "ä", "'\"~/?") == "http://h/?%C3%A4=%27%22%7E%2F%3F");
  CHECK(with_parameter("http://h/", "", "") == "http://h/?=");
  CHECK(with_parameter("http://h/?", "a", "b") == "http://h/?a=b");
  CHECK(with_parameter("http://h/?x?", "a", "b") == "http://h/?x?&a=b");
}

TEST_CASE("query parameters add up", "[url]") {
  const Url url = with_query_parameters(parsed("http://h/#f"), {{"a", "1"}, {"a", "2"}});
  CHECK(url.href() == "http://h/?a=1&a=2#f");
  CHECK(url.target() == "/?a=1&a=2");
  check_parts_agree(url);
}

TEST_CASE("a URL without credentials has no user info and no fragment", "[url]") {
  CHECK(stripped("http://h/p?q") == "http://h/p?q");
  CHECK(stripped("http://user@h/") == "http://h/");
  CHECK(stripped("http://user:pw@h:81/p?q#f") == "http://h:81/p?q");
  CHECK(stripped("http://:pw@[::1]/") == "http://[::1]/");
  CHECK(stripped("http://u@x:p@y/@z:/?a@b#c@d") == "http://y/@z:/?a@b");
  CHECK(stripped("http://h/a@b//c@d") == "http://h/a@b//c@d");
  CHECK(stripped("http://h/#") == "http://h/");
  CHECK(stripped("http://h/?#") == "http://h/?");
  CHECK(stripped("mailto:a@b") == "mailto:a@b");
}
