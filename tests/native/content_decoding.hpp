// Running a whole body through a ContentDecoder.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/content_decoder.hpp"

namespace reqivo::native::test {

/// What became of a body.
struct Decoded {
  bool ok = false;
  std::string body;  // what came out before a failure, too
  std::string why;
};

inline Decoded failed(Decoded so_far, const detail::Failure& failure) {
  CHECK(failure.code == ErrorCode::decoding);
  CHECK(failure.phase == Phase::body);
  CHECK_FALSE(failure.retryable);
  so_far.why = failure.what;
  return so_far;
}

/// The decoder for Content-Encoding values of which each is known.
inline ContentDecoder decoder_for(const std::vector<std::string_view>& values) {
  auto made = ContentDecoder::for_codings(values);
  REQUIRE(made.ok());
  REQUIRE(made.value().has_value());
  return *std::move(made).value();
}

/// What a decoder that has nothing to complain of gives next.
inline std::string next_of(ContentDecoder& decoder, std::size_t most) {
  auto next = decoder.next(most);
  REQUIRE(next.ok());
  return std::move(next).value();
}

/// Feeds `encoded` in pieces of `slice` bytes and takes at most `most` bytes at a time.
inline Decoded decode(const std::vector<std::string_view>& values, std::string_view encoded,
                      std::size_t slice, std::size_t most) {
  ContentDecoder decoder = decoder_for(values);
  Decoded result;
  while (!encoded.empty()) {
    // A copy of its own: an access behind the piece is then seen by AddressSanitizer.
    const std::string piece(encoded.substr(0, slice));
    encoded.remove_prefix(piece.size());
    decoder.feed(piece);
    for (;;) {
      auto next = decoder.next(most);
      if (!next.ok()) return failed(std::move(result), next.failure());
      if (next.value().empty()) break;
      REQUIRE(next.value().size() <= most);
      result.body += next.value();
    }
  }
  auto finished = decoder.finish();
  if (!finished.ok()) return failed(std::move(result), finished.failure());
  result.ok = true;
  return result;
}

inline Decoded decode(const std::vector<std::string_view>& values, std::string_view encoded) {
  return decode(values, encoded, encoded.size() + 1, 65536);
}

}  // namespace reqivo::native::test
