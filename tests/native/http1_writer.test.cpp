#include "native/http1_writer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>

#include "http1_reading.hpp"

namespace reqivo::test {

using native::append_chunk;
using native::append_field;
using native::append_request_line;
using native::last_chunk;

TEST_CASE("A request line and fields are what RFC 9112 writes") {
  native::ByteBuffer bytes;
  bytes.append("before|");
  append_request_line(bytes, "GET", "/path?query");
  append_field(bytes, "Host", "a.example:81");
  append_field(bytes, "X", "");
  CHECK(bytes.view() == "before|GET /path?query HTTP/1.1\r\nHost: a.example:81\r\nX: \r\n");
}

TEST_CASE("A chunk is its size in hexadecimal, its bytes and two line ends") {
  std::string bytes;
  append_chunk(bytes, "x");
  append_chunk(bytes, "");
  append_chunk(bytes, std::string(26, 'y'));
  append_chunk(bytes, std::string_view("\0\r\n", 3));
  bytes += last_chunk;
  CHECK(bytes == "1\r\nx\r\n1a\r\n" + std::string(26, 'y') +
                     std::string("\r\n3\r\n\0\r\n\r\n0\r\n\r\n", 15));
}

TEST_CASE("Written chunks read back as the same body") {
  std::string wire = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string body;
  for (std::size_t size = 1; size < 5000; size = size * 3 + 1) {
    const std::string part(size, static_cast<char>('a' + size % 26));
    append_chunk(wire, part);
    body += part;
  }
  wire += last_chunk;
  for (const std::size_t slice_size : slice_sizes) {
    Http1Parser parser;
    CHECK(read_response(parser, wire, slice_size).body == body);
    CHECK(parser.complete());
  }
}

}  // namespace reqivo::test
