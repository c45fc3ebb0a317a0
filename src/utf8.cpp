#include "utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace reqivo::detail {
namespace {

unsigned char byte_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<unsigned char>(bytes[index]);
}

/// What a lead byte promises: how many bytes follow, and in which bounds the first of them must be,
/// so that overlong forms, surrogates and points beyond U+10FFFF are refused at that byte.
class Lead {
 public:
  constexpr Lead(std::size_t count, unsigned char first_lower, unsigned char first_upper)
      : following(count), lower(first_lower), upper(first_upper) {}
  std::size_t following;
  unsigned char lower;
  unsigned char upper;
};

std::optional<Lead> lead_of(unsigned char byte) noexcept {
  if (byte < 0xC2 || byte > 0xF4) return std::nullopt;
  if (byte <= 0xDF) return Lead(1, 0x80, 0xBF);
  if (byte == 0xE0) return Lead(2, 0xA0, 0xBF);
  if (byte == 0xED) return Lead(2, 0x80, 0x9F);
  if (byte <= 0xEF) return Lead(2, 0x80, 0xBF);
  if (byte == 0xF0) return Lead(3, 0x90, 0xBF);
  if (byte == 0xF4) return Lead(3, 0x80, 0x8F);
  return Lead(3, 0x80, 0xBF);
}

/// The sequence at the front, ASCII excepted. Not well-formed: its first `length` bytes are one
/// error.
struct Sequence {
  bool well_formed = false;
  std::size_t length = 1;
};

Sequence sequence_at(std::string_view bytes) noexcept {
  Sequence sequence;
  const auto lead = lead_of(byte_at(bytes, 0));
  if (!lead) return sequence;
  for (std::size_t i = 1; i <= lead->following; ++i) {
    const unsigned char lower = i == 1 ? lead->lower : 0x80;
    const unsigned char upper = i == 1 ? lead->upper : 0xBF;
    if (i >= bytes.size() || byte_at(bytes, i) < lower || byte_at(bytes, i) > upper) {
      return sequence;
    }
    ++sequence.length;
  }
  sequence.well_formed = true;
  return sequence;
}

/// How many ASCII bytes there are at the front, rounded down to whole words where more follows.
std::size_t ascii_words(std::string_view bytes) noexcept {
  std::size_t count = 0;
  std::uint64_t word = 0;
  while (bytes.size() - count >= sizeof word) {
    std::memcpy(&word, bytes.data() + count, sizeof word);
    if ((word & 0x8080808080808080U) != 0) break;
    count += sizeof word;
  }
  return count;
}

/// The length of the longest well-formed front of `bytes`.
std::size_t well_formed_length(std::string_view bytes) noexcept {
  std::size_t length = 0;
  while (length < bytes.size()) {
    length += ascii_words(bytes.substr(length));
    while (length < bytes.size() && byte_at(bytes, length) < 0x80) ++length;
    while (length < bytes.size() && byte_at(bytes, length) >= 0x80) {
      const Sequence sequence = sequence_at(bytes.substr(length));
      if (!sequence.well_formed) return length;
      length += sequence.length;
    }
  }
  return length;
}

}  // namespace

void append_utf8(std::string& to, char32_t point) {
  const auto put = [&to](char32_t byte) {
    to += static_cast<char>(static_cast<unsigned char>(byte));
  };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | point >> 6U);
    put(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    put(0xE0U | point >> 12U);
    put(0x80U | (point >> 6U & 0x3FU));
    put(0x80U | (point & 0x3FU));
  } else {
    put(0xF0U | point >> 18U);
    put(0x80U | (point >> 12U & 0x3FU));
    put(0x80U | (point >> 6U & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

std::string well_formed_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (;;) {
    const std::size_t good = well_formed_length(bytes);
    text.append(bytes.substr(0, good));
    bytes.remove_prefix(good);
    if (bytes.empty()) return text;
    text += "\xEF\xBF\xBD";
    bytes.remove_prefix(sequence_at(bytes).length);
  }
}

}  // namespace reqivo::detail
