#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "content_decoding.hpp"
#include "content_encoders.hpp"

namespace {

using namespace reqivo;
using namespace reqivo::native;
using namespace reqivo::native::test;

constexpr std::string_view small =
    "A small body, a small body, with some repetition and some not: 0123456789.";

/// What the Content-Encoding field says about an encoder of the tests.
std::string_view name_of(std::string_view encoder) {
  return encoder == "raw" ? "deflate" : encoder;
}

/// Text that compresses, but not to nothing.
std::string long_text(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525U + 1013904223U;
    text += "word" + std::to_string(state >> 20U) + ' ';
  }
  text.resize(size);
  return text;
}

bool passes_through(const std::vector<std::string_view>& values) {
  auto made = ContentDecoder::for_codings(values);
  REQUIRE(made.ok());
  return !made.value().has_value();
}

/// Bytes of memory that this process really occupies.
std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * 4096;
}

}  // namespace

TEST_CASE("each coding is undone, cut anywhere and read at any pace", "[decoder]") {
  for (const std::string_view encoder : {"gzip", "deflate", "raw", "br", "zstd"}) {
    const std::string encoded = encode(encoder, small);
    for (std::size_t slice = 1; slice <= encoded.size(); ++slice) {
      for (const std::size_t most : {1U, 2U, 7U, 74U, 65536U}) {
        CAPTURE(encoder, slice, most);
        const Decoded decoded = decode({name_of(encoder)}, encoded, slice, most);
        CHECK(decoded.ok);
        CHECK(decoded.body == small);
      }
    }
  }
}

TEST_CASE("stacked codings are undone from the last to the first", "[decoder]") {
  const std::vector<std::vector<std::string_view>> stacks = {
      {"gzip", "br"},
      {"br", "gzip"},
      {"br", "zstd", "gzip"},
      {"gzip", "gzip"},
      {"zstd", "zstd"},
      {"deflate", "gzip"},
      {"gzip", "deflate", "br", "zstd", "gzip"}};
  for (const auto& stack : stacks) {
    const std::string encoded = encode_stack(stack, small);
    std::string value;
    for (const std::string_view coding : stack) value += std::string(coding) + ", ";
    for (std::size_t slice = 1; slice <= encoded.size(); ++slice) {
      for (const std::size_t most : {1U, 65536U}) {
        CAPTURE(value, slice, most);
        CHECK(decode({value}, encoded, slice, most).body == small);
        const Decoded decoded = decode(stack, encoded, slice, most);  // a field for each
        CHECK(decoded.ok);
        CHECK(decoded.body == small);
      }
    }
  }
}

TEST_CASE("large bodies come out whole through all codings", "[decoder]") {
  const std::string text = long_text(1'000'000);
  for (const std::string_view encoder : {"gzip", "deflate", "raw", "br", "zstd"}) {
    const std::string encoded = encode(encoder, text);
    for (const std::size_t slice : {999U, 65536U, 10'000'000U}) {
      for (const std::size_t most : {1000U, 65536U, 10'000'000U}) {
        CAPTURE(encoder, slice, most);
        const Decoded decoded = decode({name_of(encoder)}, encoded, slice, most);
        CHECK(decoded.ok);
        CHECK((decoded.body == text));
      }
    }
  }
  const std::string stacked = encode_stack({"gzip", "br", "zstd", "deflate"}, text);
  const Decoded decoded = decode({"gzip, br, zstd, deflate"}, stacked, 1000, 1000);
  CHECK(decoded.ok);
  CHECK((decoded.body == text));
}

TEST_CASE("what a server has flushed can be read before the rest has come", "[decoder]") {
  for (const std::string_view encoder : {"gzip", "deflate", "raw", "br", "zstd"}) {
    CAPTURE(encoder);
    const std::vector<std::string_view> parts = {"data: one\n\n", "data: two\n\n", "data: three"};
    const std::vector<std::string> encoded = encode_parts(encoder, parts);
    ContentDecoder decoder = decoder_for({name_of(encoder)});
    for (std::size_t i = 0; i < parts.size(); ++i) {
      decoder.feed(encoded[i]);
      CHECK(next_of(decoder, 65536) == parts[i]);  // at once, since it fits
      CHECK(next_of(decoder, 65536).empty());
    }
    CHECK(decoder.finish().ok());
  }
}

TEST_CASE("an empty text is a body too, and so is no byte at all", "[decoder]") {
  for (const std::string_view encoder : {"gzip", "deflate", "raw", "br", "zstd"}) {
    CAPTURE(encoder);
    const Decoded decoded = decode({name_of(encoder)}, encode(encoder, ""), 1, 10);
    CHECK(decoded.ok);
    CHECK(decoded.body.empty());
    CHECK(decode({name_of(encoder)}, "").ok);
  }
  CHECK(decode({"gzip, br"}, "").ok);
  CHECK(decode({"gzip, br"}, encode_stack({"gzip", "br"}, "")).ok);
  ContentDecoder decoder = decoder_for({"gzip"});
  decoder.feed("");
  CHECK(next_of(decoder, 10).empty());
  CHECK(decoder.finish().ok());
  // The outer coding holds nothing: the inner one never began, although bytes have come.
  CHECK_FALSE(decode({"gzip, br"}, encode("br", "")).ok);
}

TEST_CASE("asking for no bytes gives none and loses none", "[decoder]") {
  ContentDecoder decoder = decoder_for({"gzip"});
  const std::string encoded = encode("gzip", small);
  decoder.feed(encoded);
  CHECK(next_of(decoder, 0).empty());
  CHECK(next_of(decoder, 65536) == small);
}

TEST_CASE("a decoder can be moved in the middle of a body", "[decoder]") {
  const std::string encoded = encode_stack({"br", "gzip"}, small);
  ContentDecoder first = decoder_for({"br, gzip"});
  first.feed(encoded);
  std::string body = next_of(first, 10);
  ContentDecoder second = std::move(first);
  body += next_of(second, 10);
  ContentDecoder third = decoder_for({"zstd"});
  third = std::move(second);
  body += next_of(third, 65536);
  CHECK(body == small);
  CHECK(next_of(third, 65536).empty());
  CHECK(third.finish().ok());
}

TEST_CASE("a gzip body may have several members", "[decoder]") {
  const std::string encoded = encode("gzip", "one, ") + encode("gzip", "") +
                              encode("gzip", "two, ") + encode("gzip", "three");
  for (std::size_t slice = 1; slice <= encoded.size(); ++slice) {
    for (const std::size_t most : {1U, 5U, 65536U}) {
      CAPTURE(slice, most);
      const Decoded decoded = decode({"gzip"}, encoded, slice, most);
      CHECK(decoded.ok);
      CHECK(decoded.body == "one, two, three");
    }
  }
}

TEST_CASE("a zstd body may have several frames, also skippable ones", "[decoder]") {
  using namespace std::string_literals;
  const std::string skippable = "\x5A\x2A\x4D\x18\x03\0\0\0abc"s;
  const std::string encoded = skippable + encode("zstd", "one, ") + skippable + skippable +
                              encode("zstd", "") + encode("zstd", "two") + skippable;
  for (std::size_t slice = 1; slice <= encoded.size(); ++slice) {
    for (const std::size_t most : {1U, 5U, 65536U}) {
      CAPTURE(slice, most);
      const Decoded decoded = decode({"zstd"}, encoded, slice, most);
      CHECK(decoded.ok);
      CHECK(decoded.body == "one, two");
    }
  }
  CHECK(decode({"zstd"}, skippable, 1, 10).ok);
  CHECK_FALSE(decode({"zstd"}, skippable.substr(0, 10), 1, 10).ok);
}

TEST_CASE("codings are named without regard to case, spaces and empty elements", "[decoder]") {
  const std::string encoded = encode("gzip", small);
  for (const std::string_view value :
       {"gzip", "GZIP", "GZip", "x-gzip", "X-GZip", " gzip\t", ",gzip", "gzip , ,", ", ,\tgzip",
        "identity, gzip", "gzip,IDENTITY"}) {
    CAPTURE(value);
    CHECK(decode({value}, encoded).body == small);
  }
  CHECK(decode({"", "gzip", ","}, encoded).body == small);
  CHECK(decode({"Br"}, encode("br", small)).body == small);
  CHECK(decode({"ZSTD"}, encode("zstd", small)).body == small);
  CHECK(decode({"DEFLATE"}, encode("raw", small)).body == small);
}

TEST_CASE("without a known coding the body passes through", "[decoder]") {
  CHECK(passes_through({}));
  CHECK(passes_through({""}));
  CHECK(passes_through({" ,\t, "}));
  CHECK(passes_through({"identity"}));
  CHECK(passes_through({"Identity, identity", "identity"}));
  CHECK(passes_through({"compress"}));
  CHECK(passes_through({"gzip, rot13"}));
  CHECK(passes_through({"rot13", "gzip"}));
  CHECK(passes_through({"gzip;q=1"}));
  CHECK(passes_through({"gzip br"}));
  CHECK(passes_through({"xgzip"}));
}

TEST_CASE("more than five codings are refused", "[decoder]") {
  CHECK(ContentDecoder::for_codings({"gzip,br,gzip,br,gzip"}).ok());
  for (const std::vector<std::string_view>& values :
       {std::vector<std::string_view>{"gzip,br,gzip,br,gzip,br"},
        std::vector<std::string_view>{"gzip", "gzip", "gzip", "gzip", "gzip", "gzip"},
        std::vector<std::string_view>{"gzip,gzip,gzip", "gzip,gzip,rot13"}}) {
    auto made = ContentDecoder::for_codings(values);
    REQUIRE_FALSE(made.ok());
    CHECK(made.failure().code == ErrorCode::decoding);
    CHECK(made.failure().phase == Phase::body);
    CHECK(made.failure().what == "the body has 6 content codings");
  }
  CHECK(ContentDecoder::for_codings({"gzip,identity,,identity,br,gzip,br,gzip"}).ok());
}

TEST_CASE("the supported codings are all known", "[decoder]") {
  CHECK(supported_codings == "gzip, deflate, br, zstd");
  CHECK_FALSE(passes_through({supported_codings}));
}

TEST_CASE("a gibibyte of zeros is read in little memory", "[decoder]") {
  constexpr std::size_t member_size = std::size_t{64} << 20U;
  constexpr std::size_t members = 16;
  constexpr std::size_t most = 65536;
  // AddressSanitizer keeps up to 256 MiB of what was freed.
  constexpr std::size_t most_memory = std::size_t{400} << 20U;
  const std::vector<std::vector<std::string_view>> stacks = {{"gzip"}, {"zstd"}, {"gzip", "br"}};
  for (const auto& stack : stacks) {
    CAPTURE(stack);
    const std::string member = encode_zeros(stack[0], member_size);
    std::string encoded;
    for (std::size_t i = 0; i < members; ++i) encoded += member;
    if (stack.size() > 1) encoded = encode(stack[1], encoded);
    const std::size_t before = resident_bytes();
    std::size_t peak = before;
    ContentDecoder decoder = decoder_for(stack);
    decoder.feed(encoded);
    std::size_t total = 0;
    for (;;) {
      auto next = decoder.next(most);
      REQUIRE(next.ok());
      const std::size_t size = next.value().size();
      if (size == 0) break;
      if (size > most) FAIL("too large a piece: " << size);
      total += size;
      if (total % (std::size_t{16} << 20U) < most) peak = std::max(peak, resident_bytes());
    }
    CHECK(decoder.finish().ok());
    CHECK(total == members * member_size);
    CHECK(peak - before < most_memory);
  }
}
