#include <array>
#include <catch2/catch_test_macros.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

namespace {

struct Slides {
  std::string author;
  std::string title;
};
void from_json(const nlohmann::json& json, Slides& slides) {
  json.at("slideshow").at("author").get_to(slides.author);
  json.at("slideshow").at("title").get_to(slides.title);
}

const std::string greeting =
    "Gr\xC3\xBC\xC3\x9F"
    "e";
const std::string euro = "\xE2\x82\xAC";
const std::string world = "\xE4\xB8\x96\xE7\x95\x8C";

std::string text_in(std::string_view charset) {
  if (charset == "iso-8859-1") return greeting;
  if (charset == "windows-1252") return greeting + ", " + euro;
  return greeting + ", " + world + " " + euro;
}

/// A response whose Content-Type and body are these.
Task<Response> answer_of(std::string content_type, std::string body) {
  AsyncSession session;
  RawScript script;
  script.answer("HTTP/1.1 200 OK",
                "Content-Length: " + std::to_string(body.size()) +
                    "\r\nContent-Type: " + content_type + "\r\n",
                body);
  const Response response = co_await session.get(script.url());
  co_return response;
}

Task<void> check_text(std::string content_type, std::string body, std::string expected) {
  const Response response = co_await answer_of(content_type, body);
  CAPTURE(content_type);
  CHECK(response.body() == body);
  CHECK(response.text() == expected);
}

std::vector<std::string> copied(const auto& slices) {
  std::vector<std::string> all;
  for (std::string_view slice : slices) all.emplace_back(slice);
  return all;
}

}  // namespace

TEST_CASE("a response tells status, reason, version and length", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/bytes/100?seed=9");
    CHECK(response.status_code() == 200);
    CHECK(response.ok());
    CHECK(response.body() == seeded_bytes(100, 9));
    CHECK(response.headers().get("content-length") == "100");
    const bool version_known = response.http_version() == "1.1" ||
                               (response.http_version().empty() && !capabilities().all_headers);
    CHECK(version_known);
    CHECK(response.elapsed().count() > 0);
    const Response teapot = co_await session.get("/status/418");
    CHECK(teapot.reason() == "I'm a Teapot");
    CHECK(teapot.text() == "I am a teapot\n");
  });
}

TEST_CASE("ok is 200 to 299, and no status is a failure by itself", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const int code : {200, 201, 226, 299}) {
      const Response response = co_await session.get("/status/" + std::to_string(code));
      CAPTURE(code);
      CHECK(response.status_code() == code);
      CHECK(response.ok());
    }
    for (const int code : {300, 400, 404, 418, 500, 503, 599}) {
      const Response response = co_await session.get("/status/" + std::to_string(code));
      CAPTURE(code);
      CHECK(response.status_code() == code);
      CHECK_FALSE(response.ok());
    }
  });
}

TEST_CASE("raise_for_status throws on 4xx and 5xx only", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const int code : {200, 204, 299, 300, 304, 399}) {
      const Response response = co_await session.get("/status/" + std::to_string(code));
      CAPTURE(code);
      CHECK_NOTHROW(response.raise_for_status());
    }
    for (const int code : {400, 404, 499, 500, 599}) {
      const Response response = co_await session.get("/status/" + std::to_string(code));
      CAPTURE(code);
      CHECK_THROWS_AS(response.raise_for_status(), HttpStatusError);
    }
  });
}

TEST_CASE("a reason's control characters stay out of the message", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    RawScript script;
    script.answer("HTTP/1.1 404 \x1B[31mred\x07", "Content-Length: 0\r\n", "");
    std::string message;
    try {
      const Response response = co_await session.get(script.url());
      response.raise_for_status();
    } catch (const Error& failure) {  // the platform may refuse it for what it is
      message = failure.what();
    }
    CHECK_FALSE(message.empty());
    CHECK(message.find_first_of("\x1B\x07") == std::string::npos);
  });
}

TEST_CASE("HttpStatusError tells status, method and URL without secrets", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.post("/status/503?key=secret");
    try {
      response.raise_for_status();
      FAIL("503 is an error");
    } catch (const HttpStatusError& failure) {
      check_failure(failure, ErrorCode::http_status, Phase::head, false);
      CHECK(failure.status_code() == 503);
      CHECK(failure.method() == "POST");
      CHECK(failure.url() == test_server().http("/status/503"));
      const std::string message = failure.what();
      CHECK(message.find("503") != std::string::npos);
      CHECK(message.find("secret") == std::string::npos);
    }
  });
}

TEST_CASE("responses without a body have an empty one", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response no_content = co_await session.get("/no-content");
    CHECK(no_content.status_code() == 204);
    CHECK(no_content.body().empty());
    const Response empty = co_await session.get("/bytes/0");
    CHECK(empty.status_code() == 200);
    CHECK(empty.body().empty());
    CHECK(empty.text().empty());
    const Response chunked = co_await session.get("/stream-bytes/0");
    CHECK(chunked.body().empty());
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("304 is a response with the head of the whole and no body", "[responses]") {
  require(capabilities().all_headers, "all_headers (a cache of its own answers 304)");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response not_modified = co_await session.get("/not-modified");
    CHECK(not_modified.status_code() == 304);
    CHECK(not_modified.headers().get("ETag") == "\"unchanged\"");
    CHECK(not_modified.body().empty());
    RawScript script;
    script.answer("HTTP/1.1 304 Not Modified", "Content-Length: 1000\r\n", "");
    const Response with_length = co_await session.get(script.url());
    CHECK(with_length.status_code() == 304);
    CHECK(with_length.body().empty());
  });
}

TEST_CASE("a body is framed by length, by chunks, or by the end of the connection", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response by_length = co_await session.get("/bytes/300000?seed=5");
    CHECK(by_length.body() == seeded_bytes(300000, 5));
    const Response by_chunks = co_await session.get("/stream-bytes/300000?seed=5&chunk_size=777");
    CHECK(by_chunks.body() == seeded_bytes(300000, 5));
    const Response by_close = co_await session.get(test_server().raw("/http10-close"));
    CHECK(by_close.body() == "read to close");
    const Response with_trailers = co_await session.get("/trailers");
    CHECK(with_trailers.body() == "body with trailers");
    CHECK_FALSE(with_trailers.headers().contains("X-Checksum"));
  });
}

TEST_CASE("interim answers before the response do not matter", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/early-hints?count=3");
    CHECK(response.status_code() == 200);
    CHECK(response.text() == "after early hints");
    CHECK_FALSE(response.headers().contains("Link"));
  });
}

TEST_CASE("an answer that comes byte by byte is the same", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/slow-head?interval=0");
    CHECK(response.status_code() == 200);
    CHECK(response.body() == "slow");
  });
}

TEST_CASE("text honours the charset of the response", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const std::string_view charset :
         {"utf-8", "utf-8-bom", "none", "iso-8859-1", "windows-1252", "utf-16le", "utf-16be",
          "utf-16", "utf-16-be-bom"}) {
      const Response response = co_await session.get("/text/" + std::string(charset));
      CAPTURE(charset);
      CHECK(response.text() == text_in(charset));
    }
  });
}

TEST_CASE("the charset's name is read as labels are on the web", "[responses]") {
  run_test([]() -> Task<void> {
    const std::string latin = "\xE9\x80";
    co_await check_text("text/plain; charset=ISO-8859-1", latin, "\xC3\xA9" + euro);
    co_await check_text("text/plain; charset=\"latin1\"", latin, "\xC3\xA9" + euro);
    co_await check_text("text/plain;CHARSET=Windows-1252", latin, "\xC3\xA9" + euro);
    co_await check_text("text/plain; a=b; charset=us-ascii; c=d", latin, "\xC3\xA9" + euro);
    co_await check_text("text/plain; charset=UTF8", "\xC3\xA9", "\xC3\xA9");
    co_await check_text("text/plain; charset=no-such-charset", "\xC3\xA9", "\xC3\xA9");
  });
}

TEST_CASE("a charset in the second of two Content-Types counts", "[responses]") {
  run_test([]() -> Task<void> {
    RawScript script;
    script.answer("HTTP/1.1 200 OK",
                  "Content-Type: text/plain\r\nContent-Type: text/plain; charset=latin1\r\n"
                  "Content-Length: 1\r\n",
                  "\xE9");
    AsyncSession session;
    const Response response = co_await session.get(script.url());
    CHECK(response.text() == "\xC3\xA9");
    RawScript twice;
    twice.answer("HTTP/1.1 200 OK",
                 "Content-Type: text/plain; charset=latin1\r\n"
                 "Content-Type: text/plain; charset=latin1\r\nContent-Length: 1\r\n",
                 "\xE9");
    const Response same = co_await session.get(twice.url());
    CHECK(same.text() == "\xC3\xA9");
  });
}

TEST_CASE("a byte order mark decides over the charset and is no part of the text", "[responses]") {
  run_test([]() -> Task<void> {
    co_await check_text("text/plain; charset=iso-8859-1", "\xEF\xBB\xBF\xC3\xA9", "\xC3\xA9");
    co_await check_text("text/plain; charset=utf-8", std::string("\xFF\xFE\xE9\x00", 4),
                        "\xC3\xA9");
    co_await check_text("text/plain", std::string("\xFE\xFF\x00\xE9", 4), "\xC3\xA9");
  });
}

TEST_CASE("malformed bytes become U+FFFD", "[responses]") {
  run_test([]() -> Task<void> {
    const std::string replacement = "\xEF\xBF\xBD";
    co_await check_text("text/plain; charset=utf-8",
                        "a\xFF"
                        "b",
                        "a" + replacement + "b");
    co_await check_text("text/plain; charset=utf-8", "a\xE2\x82", "a" + replacement);
    co_await check_text("text/plain; charset=utf-16le", std::string("a\0\x00\xD8", 4),
                        "a" + replacement);
  });
}

TEST_CASE("json reads the body as JSON", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/json");
    const nlohmann::json document = response.json();
    CHECK(document.at("slideshow").at("slides").size() == 2);
    const auto slides = response.json<Slides>();
    CHECK(slides.author == "Yours Truly");
    CHECK(slides.title == "Sample Slide Show");
  });
}

TEST_CASE("what is no JSON, or does not fit, is JsonError", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response html = co_await session.get("/html");
    CHECK_THROWS_AS(html.json(), JsonError);
    const Response empty = co_await session.get("/no-content");
    CHECK_THROWS_AS(empty.json(), JsonError);
    const Response other = co_await session.get("/get");
    CHECK_THROWS_AS(other.json<Slides>(), JsonError);
    try {
      static_cast<void>(html.json());
    } catch (const JsonError& failure) {
      check_message(failure);
      CHECK(failure.code() == ErrorCode::json);
    }
  });
}

TEST_CASE("iter_content gives slices of what is buffered", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/bytes/1000?seed=2");
    const auto slices = copied(response.iter_content(256));
    REQUIRE(slices.size() == 4);
    CHECK(slices[0].size() == 256);
    CHECK(slices[2].size() == 256);
    CHECK(slices[3].size() == 232);
    CHECK(slices[0] + slices[1] + slices[2] + slices[3] == seeded_bytes(1000, 2));
    CHECK(copied(response.iter_content(1000)).size() == 1);
    CHECK(copied(response.iter_content(1'000'000)).size() == 1);
    CHECK_THROWS_AS(response.iter_content(0), std::invalid_argument);
    const Response empty = co_await session.get("/bytes/0");
    CHECK(copied(empty.iter_content(10)).empty());
  });
}

TEST_CASE("iter_content of a temporary response owns the body", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    Response response = co_await session.get("/bytes/600?seed=4");
    std::string all;
    for (std::string_view chunk : std::move(response).iter_content(256)) all += chunk;
    CHECK(all == seeded_bytes(600, 4));
  });
}

TEST_CASE("iter_lines of a response knows every end of line", "[responses]") {
  run_test([]() -> Task<void> {
    const Response response = co_await answer_of("text/plain", "a\nb\r\n\r\nc\rd");
    const auto lines = copied(response.iter_lines());
    REQUIRE(lines.size() == 5);
    CHECK(lines[0] + "|" + lines[1] + "|" + lines[2] + "|" + lines[3] + "|" + lines[4] ==
          "a|b||c|d");
  });
}

TEST_CASE("a body moved out of a response is the body", "[responses]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    Response response = co_await session.get("/bytes/50?seed=8");
    const std::string body = std::move(response).body();
    CHECK(body == seeded_bytes(50, 8));
  });
}
