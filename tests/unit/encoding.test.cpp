#include "encoding.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

namespace {

using reqivo::detail::base64;
using reqivo::detail::percent_decode;

std::string form_encoded(std::string_view text, std::string_view space) {
  std::string encoded;
  reqivo::detail::append_form_encoded(encoded, text, space);
  return encoded;
}

}  // namespace

TEST_CASE("form encoding keeps letters, digits and *-._ and nothing else", "[encoding]") {
  const std::string_view marks = "*-._";
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    const bool letter_or_digit =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const std::string encoded = form_encoded(std::string_view(&c, 1), "+");
    CAPTURE(code);
    if (letter_or_digit || (c != '\0' && marks.find(c) != marks.npos)) {
      CHECK(encoded == std::string(1, c));
    } else if (c == ' ') {
      CHECK(encoded == "+");
    } else {
      REQUIRE(encoded.size() == 3);
      CHECK(encoded.substr(1).find_first_not_of("0123456789ABCDEF") == std::string::npos);
      CHECK(percent_decode(encoded) == std::string(1, c));
    }
  }
}

TEST_CASE("form encoding writes a space as it is told", "[encoding]") {
  CHECK(form_encoded("two words", "+") == "two+words");
  CHECK(form_encoded("two words", "%20") == "two%20words");
  CHECK(form_encoded("1+1=2&", "+") == "1%2B1%3D2%26");
  CHECK(form_encoded("~ü", "+") == "%7E%C3%BC");
  CHECK(form_encoded("", "+") == "");
}

TEST_CASE("form encoding appends", "[encoding]") {
  std::string text = "a b=";
  reqivo::detail::append_form_encoded(text, "c d", "+");
  CHECK(text == "a b=c+d");
}

TEST_CASE("percent decoding leaves what is no escape", "[encoding]") {
  CHECK(percent_decode("") == "");
  CHECK(percent_decode("%41%62%2f%2F") == "Ab//");
  CHECK(percent_decode("%00") == std::string(1, '\0'));
  CHECK(percent_decode("a+b") == "a+b");
  CHECK(percent_decode("100%") == "100%");
  CHECK(percent_decode("%4") == "%4");
  CHECK(percent_decode("%g1%1g") == "%g1%1g");
  CHECK(percent_decode("%%41") == "%A");
  CHECK(percent_decode("%2541") == "%41");
  CHECK(percent_decode("%FF") == "\xFF");
  CHECK(percent_decode("x%41") == "xA");
}

TEST_CASE("base64 is that of RFC 4648", "[encoding]") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("fooba") == "Zm9vYmE=");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("Aladdin:open sesame") == "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  CHECK(base64("\xFB\xEF\xBE\xFF\xFF\xFF") == "++++////");
  CHECK(base64(std::string(3, '\0')) == "AAAA");
}
