#include "line_splitter.hpp"

#include <utility>

namespace reqivo::detail {

void LineSplitter::feed(RestOfPiece chunk) noexcept {
  chunk.after_carriage_return = chunk_.after_carriage_return;
  chunk_ = std::move(chunk);
}

std::optional<std::string> LineSplitter::next() {
  if (chunk_.empty()) return std::nullopt;
  chunk_.skip_line_feed();
  const std::string_view text = chunk_.view();
  const std::size_t end = text.find_first_of("\r\n");
  line_.append(text.substr(0, end));
  if (end == std::string_view::npos) {
    chunk_.skip(text.size());
    return std::nullopt;
  }
  chunk_.after_carriage_return = text[end] == '\r';
  chunk_.skip(end + 1);
  return std::exchange(line_, std::string());
}

RestOfPiece LineSplitter::take_rest() noexcept { return std::exchange(chunk_, RestOfPiece()); }

std::optional<std::string> LineSplitter::finish() {
  if (line_.empty()) return std::nullopt;
  return std::exchange(line_, std::string());
}

}  // namespace reqivo::detail
