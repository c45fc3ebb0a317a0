// The white space that HTTP allows around a field's value and around the elements of a list.
#pragma once

#include <string_view>

namespace reqivo::detail {

/// Of OWS, optional white space (RFC 9110 §5.6.3).
constexpr bool is_blank(char character) noexcept { return character == ' ' || character == '\t'; }

/// `text` without the blanks at its end.
constexpr std::string_view trim_end(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// `text` without the blanks at both ends.
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return trim_end(text);
}

}  // namespace reqivo::detail
