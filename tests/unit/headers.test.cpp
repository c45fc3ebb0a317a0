#include <catch2/catch_test_macros.hpp>
#include <initializer_list>
#include <optional>
#include <reqivo/errors.hpp>
#include <reqivo/headers.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "checked_fields.hpp"

namespace {

using reqivo::ErrorCode;
using reqivo::Headers;

static_assert(std::is_nothrow_move_constructible_v<Headers> &&
              std::is_nothrow_move_assignable_v<Headers>);
// A literal 0 would be taken for a null pointer, of which no text can be made.
template <class Fields>
concept TakesZero = requires(Fields fields) {
  fields.set("X-A", 0);
}
|| requires(Fields fields) { fields.add("X-A", 0); };
static_assert(!TakesZero<Headers>);

Headers headers_of(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

/// All fields as "name: value" lines.
std::string text_of(const Headers& headers) {
  std::string text;
  for (const auto& [name, value] : headers) text += name + ": " + value + "\n";
  return text;
}

/// What adding the field throws, or nothing.
std::optional<reqivo::RequestError> refusal_of(std::string_view name, std::string_view value) {
  Headers headers;
  try {
    headers.add(name, value);
  } catch (const reqivo::RequestError& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("header names are found without regard to case and keep their spelling", "[headers]") {
  const Headers headers = headers_of({{"Content-Type", "text/plain"}, {"x-ID", "42"}});
  CHECK(headers.get("content-type") == "text/plain");
  CHECK(headers.get("CONTENT-TYPE") == "text/plain");
  CHECK(headers.get("X-Id") == "42");
  CHECK(headers.get("content-typ") == std::nullopt);
  CHECK(headers.get("") == std::nullopt);
  CHECK(headers.contains("X-ID"));
  CHECK_FALSE(headers.contains("y-id"));
  CHECK(text_of(headers) == "Content-Type: text/plain\nx-ID: 42\n");
}

TEST_CASE("only ASCII letters are alike in field names", "[headers]") {
  CHECK(reqivo::same_field_name("ETag", "etAG"));
  CHECK(reqivo::same_field_name("", ""));
  CHECK_FALSE(reqivo::same_field_name("etag", "etags"));
  CHECK_FALSE(reqivo::same_field_name("a^b", "a~b"));  // these differ in the case bit only
  CHECK_FALSE(reqivo::same_field_name("x-@", "x-`"));
  CHECK_FALSE(reqivo::same_field_name("\xC4", "\xE4"));
}

TEST_CASE("add keeps repeats and order", "[headers]") {
  Headers headers;
  headers.add("Set-Cookie", "a=1").add("Date", "now").add("set-cookie", "b=2");
  CHECK(headers.size() == 3);
  CHECK(headers.get("Set-Cookie") == "a=1");
  CHECK(headers.get_all("SET-COOKIE") == std::vector<std::string_view>{"a=1", "b=2"});
  CHECK(headers.get_all("none").empty());
  CHECK(text_of(headers) == "Set-Cookie: a=1\nDate: now\nset-cookie: b=2\n");
}

TEST_CASE("set replaces every field of the name in the place of the first", "[headers]") {
  Headers headers = headers_of({{"A", "1"}, {"B", "2"}, {"a", "3"}, {"C", "4"}, {"A", "5"}});
  headers.set("a", "6");
  CHECK(text_of(headers) == "a: 6\nB: 2\nC: 4\n");
  headers.set("D", "7");
  CHECK(text_of(headers) == "a: 6\nB: 2\nC: 4\nD: 7\n");
}

TEST_CASE("remove takes away every field of the name and counts them", "[headers]") {
  Headers headers = headers_of({{"A", "1"}, {"B", "2"}, {"a", "3"}});
  CHECK(headers.remove("c") == 0);
  CHECK(headers.remove("A") == 2);
  CHECK(text_of(headers) == "B: 2\n");
  CHECK_FALSE(headers.empty());
  headers.clear();
  CHECK(headers.empty());
  CHECK(headers.begin() == headers.end());
}

TEST_CASE("names and values may be views into the headers they change", "[headers]") {
  const std::string long_value(100, 'v');  // too long for a string's inner buffer
  Headers headers = headers_of({{"a", "1"}, {"b", "2"}, {"a", "3"}, {"c", long_value}, {"A", "5"}});
  headers.set(headers.begin()[2].first, headers.begin()[3].second);
  CHECK(text_of(headers) == "a: " + long_value + "\nb: 2\nc: " + long_value + "\n");
  for (int i = 0; i < 20; ++i) headers.add(headers.begin()->first, headers.begin()->second);
  CHECK(headers.get_all("a").size() == 21);
  CHECK(headers.get_all("a").back() == long_value);
  CHECK(headers.remove(headers.begin()->first) == 21);
  CHECK(text_of(headers) == "b: 2\nc: " + long_value + "\n");
}

TEST_CASE("white space around a value is cut off and kept inside", "[headers]") {
  Headers headers;
  headers.add("a", " \t x \t y\t ").add("b", " \t ").add("c", "").set("d", "\tz ");
  CHECK(headers.get("a") == "x \t y");
  CHECK(headers.get("b") == "");
  CHECK(headers.get("c") == "");
  CHECK(headers.get("d") == "z");
  headers.add("e", "\x0Bv\x0C");  // other white space belongs to the value
  CHECK(headers.get("e") == "\x0Bv\x0C");
}

TEST_CASE("a header name is exactly a token of RFC 9110", "[headers]") {
  const std::string_view marks = "!#$%&'*+-.^_`|~";
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    const bool letter_or_digit =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool allowed = letter_or_digit || (c != '\0' && marks.find(c) != marks.npos);
    CAPTURE(code);
    CHECK(refusal_of(std::string("x") + c, "v").has_value() == !allowed);
    CHECK(refusal_of(std::string(1, c), "v").has_value() == !allowed);
  }
  CHECK(refusal_of("", "v").has_value());
}

TEST_CASE("a header value holds anything but CR, LF and NUL", "[headers]") {
  for (int code = 0; code < 256; ++code) {
    const std::string value = std::string("a") + static_cast<char>(code) + "b";
    CAPTURE(code);
    CHECK(refusal_of("x", value).has_value() == (code == 0 || code == '\r' || code == '\n'));
  }
  CHECK(refusal_of("x", "\n").has_value());  // not trimmed away first
  CHECK(refusal_of("x", "a\r\n").has_value());
}

TEST_CASE("a refused header says why in one line and repeats nothing secret", "[headers]") {
  const auto bad_name = refusal_of("Authorization: secret", "v");
  REQUIRE(bad_name);
  CHECK(bad_name->code() == ErrorCode::invalid_request);
  CHECK(bad_name->phase() == reqivo::Phase::none);
  CHECK_FALSE(bad_name->retryable());
  CHECK(bad_name->method().empty());
  CHECK(bad_name->url().empty());
  CHECK(std::string(bad_name->what()) ==
        "invalid header: the name holds a character that is not allowed in one");
  CHECK(std::string(refusal_of("", "v")->what()) == "invalid header: the name is empty");
  CHECK(std::string(refusal_of("X-Key", "secret\r\nEvil: 1")->what()) ==
        "invalid header: the value of X-Key holds CR, LF or NUL");
}

TEST_CASE("a refused field changes nothing", "[headers]") {
  Headers headers = headers_of({{"A", "1"}, {"a", "2"}});
  CHECK_THROWS_AS(headers.set("a", "x\ny"), reqivo::RequestError);
  CHECK_THROWS_AS(headers.set("a ", "x"), reqivo::RequestError);
  CHECK_THROWS_AS(headers.add("b", std::string_view("\0", 1)), reqivo::RequestError);
  CHECK(text_of(headers) == "A: 1\na: 2\n");
}

TEST_CASE("a parser's fields go in as they are", "[headers]") {
  Headers headers;
  headers.reserve(1);
  reqivo::detail::CheckedFields::add(headers, "X", " as it is ");
  CHECK(headers.get("x") == " as it is ");
}
