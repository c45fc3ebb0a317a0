#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "http1_reading.hpp"
#include "native/http1_parser.hpp"

namespace reqivo::test {

TEST_CASE("An endless row of interim heads is cut off") {
  std::string wire;
  for (int i = 0; i < 256; ++i) wire += "HTTP/1.1 102 Processing\r\n\r\n";
  const std::string_view final_head = "HTTP/1.1 204 No Content\r\n\r\n";
  Http1Parser parser;
  for (int response = 0; response < 2; ++response) {
    CHECK(read_response(parser, wire + std::string(final_head), 4096).events == "hc");
    parser.start(false, Http1Limits());
  }
  wire += "HTTP/1.1 102 Processing\r\n\r\n";
  CHECK(failure_of(wire, 4096, Http1Limits()) == "limit_exceeded in head");
}

TEST_CASE("A head may be as large as the limit and no larger") {
  const std::string head = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 1\r\n\r\n";
  const std::string wire = head + "x";
  for (const std::size_t slice_size : slice_sizes) {
    Http1Parser parser;
    parser.start(false, limits_of(head.size(), std::nullopt));
    CHECK(read_response(parser, wire + "y", slice_size).body == "x");
    for (std::size_t limit = 0; limit < head.size(); ++limit) {
      INFO("limit " << limit << ", in slices of " << slice_size);
      CHECK(failure_of(wire, slice_size, limits_of(limit, {})) == "limit_exceeded in head");
    }
  }
}

TEST_CASE("An endless head stops at the limit and is not held") {
  const std::string_view beginning = "HTTP/1.1 200 OK\r\nA: ";
  Http1Parser parser;
  parser.start(false, Http1Limits());
  CHECK(parser.feed(beginning).event == Event::need_more);
  const std::string part(1000, 'x');
  std::size_t fed = beginning.size();
  Http1Parser::Step step = parser.feed(part);
  while (step.event == Event::need_more && fed < 1024 * 1024) {
    fed += step.consumed;
    step = parser.feed(part);
  }
  CHECK(step.event == Event::failed);
  CHECK(fed + step.consumed == 64 * 1024);
}

TEST_CASE("Each interim head has the limit to itself") {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nA: b\r\nC: d\r\n\r\n";
  const std::string last = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 0\r\n\r\n";
  for (const std::size_t slice_size : slice_sizes) {
    Http1Parser parser;
    parser.start(false, limits_of(std::max(interim.size(), last.size()), 2));
    CHECK(read_response(parser, interim + interim + last, slice_size).events == "hc");
    CHECK(failure_of(interim + last, slice_size, limits_of(interim.size() - 1, {})) ==
          "limit_exceeded in head");
    CHECK(failure_of(interim + last, slice_size, limits_of({}, 1)) == "limit_exceeded in head");
  }
}

TEST_CASE("A head may have as many fields as the limit and no more") {
  const std::string_view wire = "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nContent-Length: 0\r\n\r\n";
  for (const std::size_t slice_size : slice_sizes) {
    Http1Parser parser;
    parser.start(false, limits_of({}, 3));
    CHECK(read_response(parser, wire, slice_size).events == "hc");
    CHECK(failure_of(wire, slice_size, limits_of({}, 2)) == "limit_exceeded in head");
    CHECK(failure_of(wire, slice_size, limits_of({}, 0)) == "limit_exceeded in head");
  }
}

TEST_CASE("Head and trailers share the size limit") {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string fields = "A: b\r\nC: d\r\n";
  const std::string wire = head + "1\r\nx\r\n0\r\n" + fields + "\r\n";
  const std::size_t total = head.size() + fields.size();
  for (const std::size_t slice_size : slice_sizes) {
    INFO("in slices of " << slice_size);
    Http1Parser parser;
    parser.start(false, limits_of(total, std::nullopt));
    CHECK(read_response(parser, wire + "rest", slice_size).events == "hbc");
    CHECK(failure_of(wire, slice_size, limits_of(total - 1, {})) == "limit_exceeded in body");
    parser.start(false, limits_of(head.size(), std::nullopt));
    CHECK(read_response(parser, head + "1\r\nx\r\n0\r\n\r\n", slice_size).events == "hbc");
  }
}

TEST_CASE("Trailers are counted apart from the fields of the head") {
  const std::string_view wire =
      "HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nB: 1\r\nC: 2\r\nD: "
      "3\r\n\r\n";
  for (const std::size_t slice_size : slice_sizes) {
    Http1Parser parser;
    parser.start(false, limits_of({}, 3));
    CHECK(read_response(parser, wire, slice_size).events == "hc");
    CHECK(parser.trailers().size() == 3);
    CHECK(failure_of(wire, slice_size, limits_of({}, 2)) == "limit_exceeded in body");
  }
}

TEST_CASE("An endless chunk extension stops at the limit") {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string fits = "1;" + std::string(60, 'a') + "\r\nx\r\n";
  const std::string endless = "1;" + std::string(200, 'a') + "\r\nx\r\n";
  for (const std::size_t slice_size : slice_sizes) {
    Http1Parser parser;
    parser.start(false, limits_of(100, {}));
    CHECK(read_response(parser, head + fits + fits + fits + "0\r\n\r\n", slice_size).body == "xxx");
    CHECK(failure_of(head + endless, slice_size, limits_of(100, {})) == "limit_exceeded in body");
    CHECK(failure_of(head + fits + endless, slice_size, limits_of(100, {})) ==
          "limit_exceeded in body");
  }
}

TEST_CASE("The largest chunk that is taken has 2^63 bytes") {
  Http1Parser parser;
  const std::string_view wire =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\nabc";
  CHECK(read_response(parser, wire, 4096).body == "abc");
}

TEST_CASE("Without limits a large head is read") {
  std::string wire = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n";
  for (int i = 0; i < 5000; ++i) wire += "Field-" + std::to_string(i) + ": some value or other\r\n";
  wire += "\r\nx";
  Http1Parser parser;
  parser.start(false, limits_of(std::nullopt, std::nullopt));
  CHECK(read_response(parser, wire, 4096).body == "x");
  CHECK(parser.head().headers.size() == 5001);
}

}  // namespace reqivo::test
