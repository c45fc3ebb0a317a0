#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "content_decoding.hpp"
#include "content_encoders.hpp"

namespace {

using namespace std::string_literals;
using namespace reqivo::native;
using namespace reqivo::native::test;

constexpr std::string_view small =
    "A small body, a small body, with some repetition and some not: 0123456789.";

/// A Content-Encoding value and a body that fits it.
struct Body {
  std::string_view value;
  std::string encoded;
};

std::vector<Body> small_bodies() {
  return {{"gzip", encode("gzip", small)},
          {"deflate", encode("deflate", small)},
          {"deflate", encode("raw", small)},
          {"br", encode("br", small)},
          {"zstd", encode("zstd", small)},
          {"gzip, br", encode_stack({"gzip", "br"}, small)},
          {"br, zstd, gzip", encode_stack({"br", "zstd", "gzip"}, small)}};
}

/// A zstd frame with one raw block that holds "x", after any frame header.
std::string zstd_frame(const std::string& header) {
  return "\x28\xB5\x2F\xFD"s + header + "\x09\0\0x"s;
}

}  // namespace

TEST_CASE("a body cut off anywhere is a failure", "[decoder]") {
  for (const auto& [value, encoded] : small_bodies()) {
    for (std::size_t size = 1; size < encoded.size(); ++size) {
      for (const std::size_t slice : {std::size_t{1}, size}) {
        CAPTURE(value, size, slice);
        const Decoded decoded = decode({value}, encoded.substr(0, size), slice, 65536);
        CHECK_FALSE(decoded.ok);
        CHECK(small.starts_with(decoded.body));
        CHECK(decoded.why.ends_with(" body is truncated"));
      }
    }
  }
}

TEST_CASE("a later member or frame cut off is a failure", "[decoder]") {
  for (const std::string_view coding : {"gzip", "zstd"}) {
    const std::string whole = encode(coding, "one");
    const std::string more = encode(coding, "two");
    for (std::size_t size = 1; size < more.size(); ++size) {
      CAPTURE(coding, size);
      CHECK_FALSE(decode({coding}, whole + more.substr(0, size)).ok);
      CHECK_FALSE(decode({coding}, whole + more.substr(0, size), 1, 1).ok);
    }
  }
}

TEST_CASE("a coding inside another one that is cut off is a failure", "[decoder]") {
  for (const std::string_view outer : {"gzip", "deflate", "br", "zstd"}) {
    for (const std::string_view inner : {"gzip", "deflate", "br", "zstd"}) {
      CAPTURE(inner, outer);
      std::string encoded = encode(inner, small);
      encoded.pop_back();
      const Decoded decoded = decode({inner, outer}, encode(outer, encoded));
      CHECK_FALSE(decoded.ok);
      CHECK(decoded.why == "the " + std::string(inner) + " body is truncated");
    }
  }
}

TEST_CASE("a corrupt byte never gives other data where there is a checksum", "[decoder]") {
  for (const std::string_view coding : {"gzip", "deflate", "zstd"}) {
    const std::string good = encode(coding, small);
    std::size_t refused = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
      for (int change = 1; change < 256; ++change) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ change);
        const Decoded decoded = decode({coding}, bad);
        if (!decoded.ok) {
          ++refused;
        } else if (decoded.body != small) {
          CAPTURE(coding, i, change, decoded.body);
          FAIL_CHECK("corrupt bytes became a body");
        }
      }
    }
    // Few bytes do not matter: a gzip header's time stamp and system.
    CHECK(refused > good.size() * 255 * 8 / 10);
  }
}

TEST_CASE("corrupt bytes are a failure and never an exception", "[decoder]") {
  for (const auto& [value, encoded] : small_bodies()) {
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      for (const int change : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
        std::string bad = encoded;
        bad[i] = static_cast<char>(bad[i] ^ change);
        CAPTURE(value, i, change);
        const Decoded at_once = decode({value}, bad);
        const Decoded in_bytes = decode({value}, bad, 1, 1);
        CHECK(at_once.ok == in_bytes.ok);
        if (at_once.ok) CHECK(at_once.body == in_bytes.body);
      }
    }
  }
}

TEST_CASE("bytes that are nothing of the coding are a failure", "[decoder]") {
  for (const std::string_view coding : {"gzip", "deflate", "br", "zstd"}) {
    CAPTURE(coding);
    const Decoded decoded = decode({coding}, "<html>This is not encoded at all.</html>");
    CHECK_FALSE(decoded.ok);
    CHECK(decoded.why == "the " + std::string(coding) + " body is corrupt");
  }
}

TEST_CASE("bytes after the end of the coding are a failure", "[decoder]") {
  for (const auto& [value, encoded] : small_bodies()) {
    for (const std::string& extra : {"\0"s, "x"s, "\0\0\0\0\0\0\0\0"s, "some more bytes"s}) {
      CAPTURE(value, extra);
      CHECK_FALSE(decode({value}, encoded + extra).ok);
      CHECK_FALSE(decode({value}, encoded + extra, 1, 1).ok);
      CHECK_FALSE(decode({value}, encoded + extra, encoded.size(), 65536).ok);
      CHECK_FALSE(decode({value}, encoded + extra, 65536, small.size()).ok);
    }
  }
  CHECK(decode({"br"}, encode("br", small) + "x").why == "bytes follow the end of the br body");
  CHECK(decode({"deflate"}, encode("raw", small) + "x").why ==
        "bytes follow the end of the deflate body");
}

TEST_CASE("bytes inside a stack after the end of its inner coding are a failure", "[decoder]") {
  for (const std::string_view inner : {"gzip", "deflate", "br", "zstd"}) {
    CAPTURE(inner);
    CHECK_FALSE(decode({inner, "gzip"}, encode("gzip", encode(inner, small) + "x")).ok);
  }
}

TEST_CASE("a zlib body that asks for a dictionary is a failure", "[decoder]") {
  CHECK_FALSE(decode({"deflate"}, "\x78\xBB\0\0\0\x01\x4B\x04\0"s).ok);
}

TEST_CASE("zstd windows are bounded at 8 MiB", "[decoder]") {
  // RFC 8878 §3.1.1.1: a descriptor byte, a window byte whose upper five bits are log2(size) - 10.
  CHECK(decode({"zstd"}, zstd_frame("\0\x40"s)).body == "x");
  CHECK(decode({"zstd"}, zstd_frame("\0\x68"s)).body == "x");
  CHECK_FALSE(decode({"zstd"}, zstd_frame("\0\x69"s)).ok);
  CHECK_FALSE(decode({"zstd"}, zstd_frame("\0\x88"s)).ok);
  CHECK_FALSE(decode({"zstd"}, zstd_frame("\0\xF8"s)).ok);
  // A single segment is its own window: 1 TiB of content announced.
  CHECK_FALSE(decode({"zstd"}, zstd_frame("\xE0\0\0\0\0\0\x01\0\0"s)).ok);
}

TEST_CASE("a zstd frame must hold as much as it announces", "[decoder]") {
  // One segment of 255 bytes, then a last block that is empty, then the checksum of nothing.
  const std::string frame = "\x28\xB5\x2F\xFD\x24\xFF\x01\0\0\x99\xE9\xD8\x51"s;
  const std::string empty = "\x28\xB5\x2F\xFD\x24\0\x01\0\0\x99\xE9\xD8\x51"s;
  for (std::size_t slice = 1; slice <= 2 * frame.size(); ++slice) {
    CAPTURE(slice);
    CHECK_FALSE(decode({"zstd"}, frame, slice, 65536).ok);
    CHECK_FALSE(decode({"zstd"}, empty + frame, slice, 65536).ok);
    CHECK(decode({"zstd"}, empty + empty, slice, 65536).ok);
  }
}

TEST_CASE("zstd formats from before the standard are refused", "[decoder]") {
  const std::string skippable = "\x5F\x2A\x4D\x18\x03\0\0\0abc"s;
  // Versions 0.6 and 0.7, whole and valid: a raw block with "x" and the block that is the end.
  const std::string version_6 = "\x26\xB5\x2F\xFD\0\x40\0\x01x\xC0\0\0"s;
  const std::string version_7 = "\x27\xB5\x2F\xFD\0\x40\x40\0\x01x\xC0\0\0"s;
  for (const std::string& frame : {version_6, version_7}) {
    for (std::size_t slice = 1; slice <= frame.size(); ++slice) {
      CAPTURE(slice);
      CHECK(decode({"zstd"}, frame, slice, 10).why == "the zstd body is corrupt");
      CHECK(decode({"zstd"}, skippable + frame, slice, 10).why == "the zstd body is corrupt");
    }
  }
  CHECK(decode({"zstd"}, skippable).ok);
}

TEST_CASE("raw deflate is told from a zlib header that only looks like one", "[decoder]") {
  // A stored block whose unused bits are set: 0x88 would be a zlib header with too large a window.
  const std::string stored = "\x88\x1C\0\xE3\xFF"s + std::string(28, 'x') + "\x03\0"s;
  CHECK(decode({"deflate"}, stored).body == std::string(28, 'x'));
}

TEST_CASE("a failure names the coding and shows none of the bytes", "[decoder]") {
  const Decoded decoded = decode({"gzip"}, "secret bytes of the body");
  CHECK(decoded.why == "the gzip body is corrupt");
}
