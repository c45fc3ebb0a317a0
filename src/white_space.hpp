// Lists in fields, and the white space that HTTP allows around values and around elements.
#pragma once

#include <cstddef>
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

/// Takes the first element, which may be empty, off a list (RFC 9110 §5.6.1), with its comma and
/// the blanks around it.
constexpr std::string_view take_element(std::string_view& list) noexcept {
  const std::size_t comma = list.find(',');
  const std::string_view element = trim(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  return element;
}

}  // namespace reqivo::detail
