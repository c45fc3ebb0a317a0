#include <catch2/catch_test_macros.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

namespace {

const char* const decodes_itself = "raw_body (the platform decodes by itself, and forgives)";

/// The codings that this server can make, each by itself. Without the command of that name it has
/// no zstd.
Task<std::vector<std::string>> codings() {
  AsyncSession session(test_server().http());
  std::vector<std::string> all;
  all.emplace_back("gzip");
  all.emplace_back("x-gzip");
  all.emplace_back("deflate");
  all.emplace_back("br");
  if (!capabilities().raw_body) co_return all;
  const Response zstd = co_await session.get("/zstd");
  if (zstd.ok()) all.emplace_back("zstd");
  all.emplace_back("deflate-raw");
  co_return all;
}

std::string encoded(std::string_view coding, std::string_view more) {
  return "/encoded?coding=" + std::string(coding) + std::string(more);
}

}  // namespace

TEST_CASE("every coding is undone, whole and in pieces", "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::vector<std::string> all = co_await codings();
    for (const std::string& coding : all) {
      CAPTURE(coding);
      const Response whole = co_await session.get(encoded(coding, "&size=100000"));
      CHECK(whole.body() == seeded_bytes(100000, 1));
      const Response pieces = co_await session.get(encoded(coding, "&size=5000&chunked=7"));
      CHECK(pieces.body() == seeded_bytes(5000, 1));
    }
  });
}

TEST_CASE("the codings are announced, unless the request says which it wants", "[decoding]") {
  require(capabilities().all_headers, "all_headers");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get("/headers");
    const std::string announced =
        response.json().at("headers").at("Accept-Encoding").get<std::string>();
    for (const std::string_view coding : {"gzip", "deflate", "br", "zstd"}) {
      CAPTURE(announced, coding);
      CHECK(announced.find(coding) != std::string::npos);
    }
    const Response own = co_await session.get("/headers").header("Accept-Encoding", "gzip;q=0.5");
    CHECK(own.json().at("headers").at("Accept-Encoding").get<std::string>() == "gzip;q=0.5");
  });
}

TEST_CASE("stacked codings are undone in the right order", "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const std::string_view stack : {"gzip,br", "br,gzip", "deflate,gzip,br", "gzip,gzip"}) {
      CAPTURE(stack);
      const Response response = co_await session.get(encoded(stack, "&size=20000&chunked=100"));
      CHECK(response.body() == seeded_bytes(20000, 1));
    }
    const Response identity = co_await session.get(encoded("identity", "&body=plain"));
    CHECK(identity.text() == "plain");
  });
}

TEST_CASE("the name of a coding may be in any case", "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response = co_await session.get(encoded("gzip", "&body=text&label=GZip"));
    CHECK(response.text() == "text");
  });
}

TEST_CASE("a coded body may be empty once decoded", "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::vector<std::string> all = co_await codings();
    for (const std::string& coding : all) {
      CAPTURE(coding);
      const Response response = co_await session.get(encoded(coding, "&body="));
      CHECK(response.ok());
      CHECK(response.body().empty());
    }
  });
}

TEST_CASE("answers without a body have nothing to decode", "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response head = co_await session.head("/gzip");
    CHECK(head.headers().get("Content-Encoding") == "gzip");
    CHECK(head.body().empty());
    RawScript script;
    script.answer("HTTP/1.1 204 No Content", "Content-Encoding: gzip\r\n", "");
    const Response no_content = co_await session.get(script.url());
    CHECK(no_content.status_code() == 204);
    CHECK(no_content.body().empty());
  });
}

TEST_CASE("a truncated coded body is DecodingError, never a short success", "[decoding]") {
  require(capabilities().raw_body, decodes_itself);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::vector<std::string> all = co_await codings();
    for (const std::string& coding : all) {
      for (const std::string_view cut : {"1", "4", "9", "500"}) {
        CAPTURE(coding, cut);
        const std::string path = encoded(coding, "&size=3000&truncate=" + std::string(cut));
        const auto failure = co_await failure_of<DecodingError>(session.get(path));
        check_failure(failure, ErrorCode::decoding, Phase::body, false);
      }
    }
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("a corrupt coded body is DecodingError", "[decoding]") {
  require(capabilities().raw_body, decodes_itself);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::vector<std::string> checked = co_await codings();
    for (const std::string& coding : checked) {
      CAPTURE(coding);
      const std::string path = encoded(coding, "&size=3000&corrupt=0");
      if (coding == "br")
        continue;  // any first byte may begin a stream, which then has no check sum
      const auto failure = co_await failure_of<DecodingError>(session.get(path));
      check_failure(failure, ErrorCode::decoding, Phase::body, false);
    }
    for (const std::string_view check_sum :
         {"/encoded?coding=gzip&body=ten%20bytes!&corrupt=22",
          "/encoded?coding=deflate&body=ten%20bytes!&corrupt=14"}) {
      CAPTURE(check_sum);
      const auto failure = co_await failure_of<DecodingError>(session.get(check_sum));
      check_failure(failure, ErrorCode::decoding, Phase::body, false);
    }
  });
}

TEST_CASE("what follows the end of a coded body is DecodingError", "[decoding]") {
  require(capabilities().raw_body, decodes_itself);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const std::string_view coding : {"gzip", "deflate", "br"}) {
      CAPTURE(coding);
      const auto failure =
          co_await failure_of<DecodingError>(session.get(encoded(coding, "&body=text&extra=junk")));
      check_failure(failure, ErrorCode::decoding, Phase::body, false);
    }
  });
}

TEST_CASE("a body that is not what its label says is DecodingError", "[decoding]") {
  require(capabilities().raw_body, decodes_itself);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const std::string_view label : {"gzip", "deflate", "br", "zstd"}) {
      CAPTURE(label);
      const std::string path =
          encoded("identity", "&body=%21plain%20text%20of%20some%20length&label=") +
          std::string(label);
      const auto failure = co_await failure_of<DecodingError>(session.get(path));
      check_failure(failure, ErrorCode::decoding, Phase::body, false);
    }
  });
}

TEST_CASE("a coded body that breaks off is no shorter success in a stream either", "[decoding]") {
  require(capabilities().raw_body, decodes_itself);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream =
        co_await session.get(encoded("gzip", "&size=200000&truncate=20")).stream();
    CHECK(stream.status_code() == 200);
    std::string body;
    bool failed = false;
    try {
      while (auto piece = co_await stream.read()) body += *piece;
    } catch (const DecodingError&) {
      failed = true;
    }
    CHECK(failed);
    CHECK(body == seeded_bytes(200000, 1).substr(0, body.size()));
  });
}

TEST_CASE("decode(false) hands the body out as it was sent", "[decoding]") {
  require(capabilities().raw_body, "raw_body");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response coded = co_await session.get("/gzip").decode(false);
    CHECK(coded.body().substr(0, 2) == "\x1f\x8b");
    CHECK(coded.headers().get("Content-Length") == std::to_string(coded.body().size()));
    const Response damaged =
        co_await session.get(encoded("gzip", "&body=text&truncate=4")).decode(false);
    CHECK(damaged.ok());
    session.decode(false);
    const Response by_session = co_await session.get("/brotli");
    CHECK_THROWS_AS(by_session.json(), JsonError);
    const Response own = co_await session.get("/brotli").decode(true);
    CHECK(own.json().at("brotli").get<bool>());
  });
}

TEST_CASE("a body in a coding that nobody knows is handed out as it was sent", "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const Response response =
        co_await session.get(encoded("identity", "&body=text&label=x-unheard-of"));
    CHECK(response.text() == "text");
    CHECK(response.headers().get("Content-Encoding") == "x-unheard-of");
  });
}

TEST_CASE("body_size stops a bomb", "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().body_size(1024 * 1024));
    for (const std::string_view coding : {"gzip", "deflate", "br"}) {
      CAPTURE(coding);
      const std::string path = "/bomb?mib=64&coding=" + std::string(coding);
      const auto failure = co_await failure_of<InvalidResponseError>(session.get(path));
      check_failure(failure, ErrorCode::limit_exceeded, Phase::body, false);
    }
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("body_size is of the decoded body, also where a page cannot see that there is a coding",
          "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().body_size(10));
    // Across origins it sees a Content-Length and, where nothing exposes it, no Content-Encoding.
    constexpr std::string_view hello(  // by gzip
        "\x1F\x8B\x08\x00\x00\x00\x00\x00\x02\xFF\xCB\x48\xCD"
        "\xC9\xC9\x07\x00\x86\xA6\x10\x36\x05\x00\x00\x00",
        25);
    RawScript script;
    script
        .send(
            "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Encoding: gzip\r\n"
            "Content-Length: " +
            std::to_string(hello.size()) + "\r\n\r\n")
        .send(hello);
    const Response response = co_await session.get(script.url());
    CHECK(response.body() == "hello");
  });
}

TEST_CASE("body_size bounds what is buffered and never what is streamed", "[decoding]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().body_size(1000));
    const Response fits = co_await session.get("/bytes/1000");
    CHECK(fits.body().size() == 1000);
    const auto by_length = co_await failure_of<InvalidResponseError>(session.get("/bytes/1001"));
    check_failure(by_length, ErrorCode::limit_exceeded, Phase::body, false);
    const auto by_chunks =
        co_await failure_of<InvalidResponseError>(session.get("/stream-bytes/1001"));
    check_failure(by_chunks, ErrorCode::limit_exceeded, Phase::body, false);
    StreamResponse stream = co_await session.get("/bytes/50000?seed=1").stream();
    const std::string streamed = co_await rest_of(std::move(stream));
    CHECK(streamed.size() == 50000);
    StreamResponse bomb = co_await session.get("/bomb?mib=8&coding=gzip").stream();
    const std::uint64_t length = co_await length_of_rest(std::move(bomb));
    CHECK(length == 8u * 1024 * 1024);
    StreamResponse buffered = co_await session.get("/bytes/1001").stream();
    const auto by_buffer = co_await failure_of<InvalidResponseError>(buffered.buffer());
    check_failure(by_buffer, ErrorCode::limit_exceeded, Phase::body, false);
  });
}
