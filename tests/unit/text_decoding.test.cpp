#include "text_decoding.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

namespace {

using namespace std::string_literals;
using reqivo::detail::decode_text;
using reqivo::detail::media_type_parameter;

const std::string bad = "\xEF\xBF\xBD";  // U+FFFD

std::string times(int count, const std::string& text) {
  std::string repeated;
  for (int i = 0; i < count; ++i) repeated += text;
  return repeated;
}

/// Decoded by a charset label.
std::string decoded(std::string_view bytes, std::string_view label) {
  return decode_text(bytes, "text/plain; charset=" + std::string(label));
}

/// What tells the four charsets apart: two bytes that each reads differently.
std::string_view charset_seen(std::string_view content_type) {
  const std::string text = decode_text("\xC3\xA4", content_type);
  if (text == "ä") return "utf-8";
  if (text == "Ã¤") return "windows-1252";
  if (text == "\xEA\x93\x83") return "utf-16le";  // U+A4C3
  if (text == "\xEC\x8E\xA4") return "utf-16be";  // U+C3A4
  return "?";
}

void check_labels(std::string_view charset, std::string_view labels) {
  while (!labels.empty()) {
    const std::string label(labels.substr(0, labels.find(' ')));
    labels.remove_prefix(std::min(label.size() + 1, labels.size()));
    CAPTURE(label);
    CHECK(charset_seen("text/plain;charset=" + label) == charset);
    std::string upper = label;
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    CHECK(charset_seen("text/plain;charset=" + upper) == charset);
    CHECK(charset_seen("text/plain;charset=\" \t" + label + " \"") == charset);
    CHECK(charset_seen("text/plain;charset=\f" + label + "\f") == charset);
    CHECK(charset_seen("text/plain;charset=" + label + "x") == "utf-8");
  }
}

}  // namespace

TEST_CASE("every label of the Encoding Standard names its charset", "[text]") {
  check_labels("utf-8", "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8");
  check_labels("utf-16be", "unicodefffe utf-16be");
  check_labels("utf-16le", "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le");
  check_labels("windows-1252",
               "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 "
               "iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 "
               "x-cp1252");
}

TEST_CASE("without a known charset text is UTF-8", "[text]") {
  CHECK(charset_seen("") == "utf-8");
  CHECK(charset_seen("text/plain") == "utf-8");
  CHECK(charset_seen("text/plain; charset=klingon") == "utf-8");
  CHECK(charset_seen("text/plain; charset=") == "utf-8");
  CHECK(charset_seen("text/plain; charset='latin1'") == "utf-8");
  CHECK(charset_seen("charset=latin1") == "utf-8");
}

TEST_CASE("the charset parameter is found in odd Content-Types", "[text]") {
  CHECK(charset_seen("text/plain;charset=latin1") == "windows-1252");
  CHECK(charset_seen("text/plain ; \t CHARSET=Latin1 ") == "windows-1252");
  CHECK(charset_seen("text/plain;charset=\"latin1\"") == "windows-1252");
  CHECK(charset_seen("text/plain;charset=\"l\\atin\\1\"") == "windows-1252");
  CHECK(charset_seen("text/plain;charset=\"latin1") == "windows-1252");
  CHECK(charset_seen("text/plain;;charset=latin1;") == "windows-1252");
  CHECK(charset_seen("text/plain;a;charset=latin1") == "windows-1252");
  CHECK(charset_seen("text/plain;a=1;charset=latin1;b=2") == "windows-1252");
  CHECK(charset_seen("text/plain;a=\"x;charset=utf-16\";charset=latin1") == "windows-1252");
  CHECK(charset_seen("text/plain;a=\"\\\";charset=utf-16\";charset=latin1") == "windows-1252");
  CHECK(charset_seen("text/plain;charset=latin1;charset=utf-16") == "windows-1252");
  CHECK(charset_seen("text/plain;charset=;charset=latin1") == "windows-1252");
  CHECK(charset_seen("text/plain;charset=\"\";charset=latin1") == "windows-1252");
  CHECK(charset_seen("text/plain;xcharset=utf-16;charset=latin1") == "windows-1252");
  CHECK(charset_seen(";charset=latin1") == "windows-1252");
}

TEST_CASE("media type parameters are read as RFC 9110 writes them", "[text]") {
  CHECK(media_type_parameter("multipart/mixed; boundary=\"a b\\\"c\"; x=y", "Boundary") ==
        "a b\"c");
  CHECK(media_type_parameter("a/b; x=1; X=2", "x") == "1");
  CHECK(media_type_parameter("a/b; x=\"1\" junk; y=2", "y") == "2");
  CHECK(media_type_parameter("a/b; x=Case", "x") == "Case");
  CHECK(media_type_parameter("a/b; x=1=2", "x") == "1=2");
  CHECK(media_type_parameter("a/b; x", "x") == "");
  CHECK(media_type_parameter("a/b; x=", "x") == "");
  CHECK(media_type_parameter("a/b;", "x") == "");
  CHECK(media_type_parameter("a/b; x=\"", "x") == "");
  CHECK(media_type_parameter("a/b; x=\"\\", "x") == "\\");
  CHECK(media_type_parameter("", "x") == "");
}

TEST_CASE("a byte order mark wins over the charset and goes away", "[text]") {
  for (const std::string type : {"", "a/b;charset=utf-8", "a/b;charset=latin1",
                                 "a/b;charset=utf-16le", "a/b;charset=utf-16be"}) {
    CAPTURE(type);
    CHECK(decode_text("\xEF\xBB\xBFä", type) == "ä");
    CHECK(decode_text("\xFF\xFE\xE4\0"s, type) == "ä");
    CHECK(decode_text("\xFE\xFF\0\xE4"s, type) == "ä");
    CHECK(decode_text("\xEF\xBB\xBF", type) == "");
    CHECK(decode_text("\xFF\xFE", type) == "");
  }
  CHECK(decode_text("\xEF\xBB\xBF\xEF\xBB\xBF", "") == "\xEF\xBB\xBF");  // only the first is a mark
  CHECK(decode_text("\xEF\xBB", "") == bad);
  CHECK(decode_text("\xFF", "") == bad);
}

TEST_CASE("windows-1252 has its own characters at 0x80 to 0x9F", "[text]") {
  CHECK(decoded("\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8A\x8B\x8C\x8D\x8E\x8F", "latin1") ==
        "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F");
  CHECK(decoded("\x90\x91\x92\x93\x94\x95\x96\x97\x98\x99\x9A\x9B\x9C\x9D\x9E\x9F", "latin1") ==
        "\u0090‘’“”•–—˜™š›œ\u009DžŸ");
  CHECK(decoded("\0a\x7F\xA0\xE4\xFF"s, "latin1") == "\0a\x7F\u00A0äÿ"s);
}

TEST_CASE("UTF-16 is decoded in both byte orders", "[text]") {
  CHECK(decoded("a\0\xAC\x20\x3D\xD8\x00\xDE"s, "utf-16") == "a€😀");
  CHECK(decoded("\0a\x20\xAC\xD8\x3D\xDE\x00"s, "utf-16be") == "a€😀");
  CHECK(decoded("\x00\xD8\x00\xDC\xFF\xDB\xFF\xDF"s, "utf-16le") == "\U00010000\U0010FFFF");
  CHECK(decoded("", "utf-16le") == "");
}

TEST_CASE("lone and truncated UTF-16 surrogates become U+FFFD", "[text]") {
  CHECK(decoded("\x00\xDC"s + "a\0"s, "utf-16le") == bad + "a");
  CHECK(decoded("\x3D\xD8"s + "a\0"s, "utf-16le") == bad + "a");
  CHECK(decoded("\x3D\xD8\x3D\xD8\x00\xDE"s, "utf-16le") == bad + "😀");
  CHECK(decoded("\x3D\xD8\x00\xDE\x00\xDE"s, "utf-16le") == "😀" + bad);
  CHECK(decoded("\x3D\xD8"s, "utf-16le") == bad);
  CHECK(decoded("\x3D\xD8\x00"s, "utf-16le") == bad);
  CHECK(decoded("a\0b"s, "utf-16le") == "a" + bad);
  CHECK(decoded("a", "utf-16le") == bad);
  CHECK(decoded("\xDE\x00\0a"s, "utf-16be") == bad + "a");
}

TEST_CASE("well-formed UTF-8 passes through whole", "[text]") {
  const std::string text = "\0 ASCII, ä, €, \u0800, \uFFFF, \uD7FF, \uE000, 😀, \U0010FFFF"s;
  CHECK(decode_text(text, "") == text);
  // Every offset to the eight bytes that are looked at together.
  for (std::size_t lead = 0; lead < 20; ++lead) {
    for (std::size_t tail = 0; tail < 20; ++tail) {
      const std::string padded = std::string(lead, 'a') + "€" + std::string(tail, 'b');
      CHECK(decode_text(padded, "") == padded);
      const std::string broken = std::string(lead, 'a') + "\xE2\x82" + std::string(tail, 'b');
      CHECK(decode_text(broken, "") == std::string(lead, 'a') + bad + std::string(tail, 'b'));
    }
  }
}

TEST_CASE("malformed UTF-8 becomes as many U+FFFD as the standard says", "[text]") {
  CHECK(decode_text("a\x80z", "") == "a" + bad + "z");
  CHECK(decode_text("\xC0\xAF", "") == times(2, bad));  // overlong
  CHECK(decode_text("\xC1\xBF", "") == times(2, bad));
  CHECK(decode_text("\xE0\x80\xAF", "") == times(3, bad));  // overlong: refused at its second byte
  CHECK(decode_text("\xE0\x9F\xBF", "") == times(3, bad));
  CHECK(decode_text("\xF0\x80\x80\xAF", "") == times(4, bad));
  CHECK(decode_text("\xF0\x8F\xBF\xBF", "") == times(4, bad));
  CHECK(decode_text("\xED\xA0\x80", "") == times(3, bad));  // a surrogate
  CHECK(decode_text("\xED\xBF\xBF", "") == times(3, bad));
  CHECK(decode_text("\xF4\x90\x80\x80", "") == times(4, bad));  // beyond U+10FFFF
  CHECK(decode_text("\xF5\x80\x80\x80", "") == times(4, bad));
  CHECK(decode_text("\xFE\x80", "a/b;charset=utf-8") == times(2, bad));
  CHECK(decode_text("\xFF\xFF", "") == times(2, bad));
  CHECK(decode_text("\xC3", "") == bad);  // truncated: one for the part
  CHECK(decode_text("\xE2\x82", "") == bad);
  CHECK(decode_text("\xF0\x9F\x98", "") == bad);
  CHECK(decode_text("\xE2\x82"
                    "a",
                    "") == bad + "a");
  CHECK(decode_text("\xF0\x9F\x98"
                    "a",
                    "") == bad + "a");
  CHECK(decode_text("\xE2\x82\xE2\x82\xAC", "") == bad + "€");
  CHECK(decode_text("\xC3\xC3\xA4", "") == bad + "ä");
  CHECK(decode_text("€\x82", "") == "€" + bad);
  // The Unicode Standard's own example, table 3-11.
  CHECK(decode_text("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64", "") ==
        "a" + times(3, bad) + "b" + bad + "c" + times(2, bad) + "d");
}
