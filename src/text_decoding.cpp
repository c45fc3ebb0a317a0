#include "text_decoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "ascii.hpp"
#include "utf8.hpp"

namespace reqivo::detail {
namespace {

enum class Charset { utf8, utf16le, utf16be, windows1252 };

constexpr char32_t replacement = 0xFFFD;

struct Label {
  std::string_view name;
  Charset charset;
};

/// Encoding Standard §4.2, the labels of these encodings.
constexpr std::array labels = {Label{"unicode-1-1-utf-8", Charset::utf8},
                               Label{"unicode11utf8", Charset::utf8},
                               Label{"unicode20utf8", Charset::utf8},
                               Label{"utf-8", Charset::utf8},
                               Label{"utf8", Charset::utf8},
                               Label{"x-unicode20utf8", Charset::utf8},
                               Label{"unicodefffe", Charset::utf16be},
                               Label{"utf-16be", Charset::utf16be},
                               Label{"csunicode", Charset::utf16le},
                               Label{"iso-10646-ucs-2", Charset::utf16le},
                               Label{"ucs-2", Charset::utf16le},
                               Label{"unicode", Charset::utf16le},
                               Label{"unicodefeff", Charset::utf16le},
                               Label{"utf-16", Charset::utf16le},
                               Label{"utf-16le", Charset::utf16le},
                               Label{"ansi_x3.4-1968", Charset::windows1252},
                               Label{"ascii", Charset::windows1252},
                               Label{"cp1252", Charset::windows1252},
                               Label{"cp819", Charset::windows1252},
                               Label{"csisolatin1", Charset::windows1252},
                               Label{"ibm819", Charset::windows1252},
                               Label{"iso-8859-1", Charset::windows1252},
                               Label{"iso-ir-100", Charset::windows1252},
                               Label{"iso8859-1", Charset::windows1252},
                               Label{"iso88591", Charset::windows1252},
                               Label{"iso_8859-1", Charset::windows1252},
                               Label{"iso_8859-1:1987", Charset::windows1252},
                               Label{"l1", Charset::windows1252},
                               Label{"latin1", Charset::windows1252},
                               Label{"us-ascii", Charset::windows1252},
                               Label{"windows-1252", Charset::windows1252},
                               Label{"x-cp1252", Charset::windows1252}};

/// ASCII whitespace (Infra Standard): more than HTTP's.
bool is_space(char character) noexcept {
  return character == ' ' || character == '\t' || character == '\n' || character == '\r' ||
         character == '\f';
}

std::string_view trim_ascii_whitespace(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  return lower;
}

Charset charset_of_label(std::string_view label) {
  const std::string wanted = lower_case(trim_ascii_whitespace(label));
  const auto found = std::find_if(labels.begin(), labels.end(),
                                  [&](const Label& known) { return known.name == wanted; });
  return found == labels.end() ? Charset::utf8 : found->charset;
}

/// Encoding Standard, index windows-1252: what 0x80..0x9F stand for.
constexpr std::array<char16_t, 32> windows1252_high = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

std::string from_windows1252(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char character : bytes) {
    const auto byte = static_cast<unsigned char>(character);
    const bool special = byte >= 0x80 && byte < 0xA0;
    append_utf8(text, special ? windows1252_high[byte - 0x80U] : byte);
  }
  return text;
}

bool is_lead_surrogate(char32_t unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_trail_surrogate(char32_t unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

std::string from_utf16(std::string_view bytes, bool big_endian) {
  const auto unit_at = [&](std::size_t i) -> char32_t {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    return big_endian ? static_cast<char32_t>(first << 8U | second)
                      : static_cast<char32_t>(second << 8U | first);
  };
  std::string text;
  text.reserve(bytes.size());
  std::size_t i = 0;
  while (i + 1 < bytes.size()) {
    const char32_t unit = unit_at(i);
    i += 2;
    if (is_lead_surrogate(unit) && i + 1 < bytes.size() && is_trail_surrogate(unit_at(i))) {
      append_utf8(text, 0x10000 + ((unit - 0xD800) << 10U) + (unit_at(i) - 0xDC00));
      i += 2;
    } else if (is_lead_surrogate(unit) || is_trail_surrogate(unit)) {
      append_utf8(text, replacement);
      // A lead surrogate at the end takes an odd last byte into its one replacement (§14.4.1, end
      // of queue).
      if (is_lead_surrogate(unit) && i + 1 >= bytes.size()) return text;
    } else {
      append_utf8(text, unit);
    }
  }
  if (i < bytes.size()) append_utf8(text, replacement);
  return text;
}

/// Encoding Standard §6, "BOM sniff"; the mark is cut off.
std::optional<Charset> take_byte_order_mark(std::string_view& bytes) noexcept {
  const auto take = [&bytes](std::string_view mark) {
    if (!bytes.starts_with(mark)) return false;
    bytes.remove_prefix(mark.size());
    return true;
  };
  if (take("\xEF\xBB\xBF")) return Charset::utf8;
  if (take("\xFE\xFF")) return Charset::utf16be;
  if (take("\xFF\xFE")) return Charset::utf16le;
  return std::nullopt;
}

/// Takes a quoted-string (RFC 9110 §5.6.4) from behind its opening quote.
std::string take_quoted(std::string_view& rest) {
  std::string value;
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    value += rest.front();
    rest.remove_prefix(1);
  }
  if (!rest.empty()) rest.remove_prefix(1);
  return value;
}

}  // namespace

std::string media_type_parameter(std::string_view content_type, std::string_view name) {
  std::size_t semicolon = content_type.find(';');
  while (semicolon != std::string_view::npos) {
    std::string_view rest = content_type.substr(semicolon + 1);
    const std::size_t end = rest.find_first_of(";=");
    if (end == std::string_view::npos) return {};
    const std::string found = lower_case(trim_ascii_whitespace(rest.substr(0, end)));
    const bool has_value = rest[end] == '=';
    rest.remove_prefix(has_value ? end + 1 : end);
    std::string value;
    if (has_value && !rest.empty() && rest.front() == '"') {
      rest.remove_prefix(1);
      value = take_quoted(rest);
    } else if (has_value) {
      value = trim_ascii_whitespace(rest.substr(0, rest.find_first_of(";,")));
    }
    if (has_value && found == lower_case(name) && !value.empty()) return value;
    const std::size_t next = rest.find(';');
    if (next == std::string_view::npos) return {};
    semicolon = content_type.size() - rest.size() + next;
  }
  return {};
}

std::string decode_text(std::string_view bytes, std::string_view content_type) {
  const auto marked = take_byte_order_mark(bytes);
  const Charset charset =
      marked ? *marked : charset_of_label(media_type_parameter(content_type, "charset"));
  switch (charset) {
    case Charset::utf16le:
      return from_utf16(bytes, false);
    case Charset::utf16be:
      return from_utf16(bytes, true);
    case Charset::windows1252:
      return from_windows1252(bytes);
    case Charset::utf8:
      break;
  }
  return well_formed_utf8(bytes);
}

}  // namespace reqivo::detail
