// Undoes Content-Encoding, streamed: gzip, deflate, br and zstd, stacked in any order. RFC 9110
// §8.4.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/failure.hpp"

namespace reqivo::native {

/// The Accept-Encoding that names what `ContentDecoder` undoes.
inline constexpr std::string_view supported_codings = "gzip, deflate, br, zstd";

/// One or several codings undone in the right order. Sans-IO; never throws on bad input; keeps at
/// most one step's output in memory, so that a bomb costs the caller's pace and not our memory.
class ContentDecoder {
 public:
  /// For the values of all Content-Encoding fields, in order, such as {"gzip, br"}: codings were
  /// applied left to right and are undone right to left. "identity" is skipped; "x-gzip" is gzip
  /// (RFC 9110 §8.4.1.3); "deflate" is zlib-wrapped or raw, told apart by its first bytes. No
  /// coding at all: std::nullopt inside. Failure `decoding`: more than 5 codings (a stack that long
  /// is an attack). A coding nobody here knows makes the whole body pass through untouched, as
  /// browsers and curl do: also std::nullopt.
  static detail::Outcome<std::optional<ContentDecoder>> for_codings(
      const std::vector<std::string_view>& content_encoding_values);

  ContentDecoder(ContentDecoder&&) noexcept;
  ContentDecoder& operator=(ContentDecoder&&) noexcept;
  ~ContentDecoder();

  /// Hands over encoded bytes. The view must stay valid until `next` has returned an empty string.
  void feed(std::string_view encoded);
  /// The next piece of decoded bytes, at most `most` bytes; empty: more input is needed (or the end
  /// was reached). Failure `decoding`, phase body: the bytes are corrupt, or bytes follow the end
  /// of the coding (a gzip body may hold several members, RFC 1952 §2.2, a zstd body several
  /// frames).
  detail::Outcome<std::string> next(std::size_t most);
  /// The encoded body has ended. Failure `decoding` unless every coding reached its own end: a
  /// truncated body is never a short success. An empty body (no byte ever fed) is a success.
  detail::Outcome<detail::Done> finish();

 private:
  struct Stack;
  explicit ContentDecoder(std::unique_ptr<Stack> stack) noexcept;
  std::unique_ptr<Stack> stack_;
};

}  // namespace reqivo::native
