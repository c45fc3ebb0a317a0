#include "content_length.hpp"

#include <charconv>
#include <system_error>

namespace reqivo::detail {

std::optional<std::uint64_t> content_length(const Headers& headers) {
  const auto text = headers.get("Content-Length");
  if (!text || headers.contains("Content-Encoding")) return std::nullopt;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return length;
}

}  // namespace reqivo::detail
