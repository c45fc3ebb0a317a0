#include "response_parser.hpp"

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using reqivo::bench::ResponseParser;

struct Case {
  std::string_view name;
  std::string_view wire;
  int status;
  std::string_view body;
};

constexpr Case good_responses[] = {
    {"a body by Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
    {"an empty body", "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", 200, ""},
    {"chunks, an extension and a trailer",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
     "5;a=b\r\nhello\r\nA\r\n, chunked!\r\n0\r\nDigest: x\r\n\r\n",
     200, "hello, chunked!"},
    {"an interim response before the real one",
     "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
     200, "ok"},
    {"a status without a body", "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n", 204, ""},
};

constexpr std::string_view bad_responses[] = {
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 2x0 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
};

// Feeds the text in slices; returns how much of it the parser took.
std::size_t feed_sliced(ResponseParser& parser, std::string_view wire, std::size_t slice) {
  std::size_t used = 0;
  while (used < wire.size() && !parser.complete()) {
    used += parser.feed(wire.substr(used, slice));
  }
  return used;
}

}  // namespace

TEST_CASE("a response is read whole however it is cut") {
  for (const Case& response : good_responses) {
    for (std::size_t slice = 1; slice <= response.wire.size(); ++slice) {
      INFO(response.name << ", slice " << slice);
      ResponseParser parser;
      CHECK(feed_sliced(parser, response.wire, slice) == response.wire.size());
      CHECK(parser.complete());
      CHECK(parser.status() == response.status);
      CHECK(parser.body() == response.body);
      CHECK(parser.body_size() == response.body.size());
    }
  }
}

TEST_CASE("a malformed response is refused however it is cut") {
  for (const std::string_view wire : bad_responses) {
    for (std::size_t slice = 1; slice <= wire.size(); ++slice) {
      INFO(wire << ", slice " << slice);
      ResponseParser parser;
      CHECK_THROWS_AS(feed_sliced(parser, wire, slice), std::runtime_error);
    }
  }
}

TEST_CASE("bytes after a response are left alone, and a reset parser reads the next one") {
  const std::string_view wire = good_responses[0].wire;
  const std::string twice = std::string(wire) + std::string(wire);
  ResponseParser parser;
  REQUIRE(parser.feed(twice) == wire.size());
  parser.reset(ResponseParser::Body::drop);
  REQUIRE(parser.feed(wire) == wire.size());
  CHECK(parser.complete());
  CHECK(parser.body().empty());
  CHECK(parser.body_size() == 5);
}
