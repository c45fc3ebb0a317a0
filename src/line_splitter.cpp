#include "line_splitter.hpp"

#include <utility>

namespace reqivo::detail {

void LineSplitter::feed(std::string chunk) {
  chunk_ = std::move(chunk);
  at_ = 0;
}

std::optional<std::string> LineSplitter::next() {
  if (at_ == chunk_.size()) return std::nullopt;
  if (after_carriage_return_) {
    after_carriage_return_ = false;
    if (chunk_[at_] == '\n') ++at_;
  }
  const std::size_t end = chunk_.find_first_of("\r\n", at_);
  if (end == std::string::npos) {
    line_.append(chunk_, at_);
    at_ = chunk_.size();
    return std::nullopt;
  }
  line_.append(chunk_, at_, end - at_);
  after_carriage_return_ = chunk_[end] == '\r';
  at_ = end + 1;
  return std::exchange(line_, std::string());
}

std::string_view LineSplitter::rest() const noexcept {
  std::string_view rest = chunk_;
  rest.remove_prefix(at_);
  // The other half of the last line's end.
  if (after_carriage_return_ && rest.starts_with('\n')) rest.remove_prefix(1);
  return rest;
}

std::optional<std::string> LineSplitter::finish() {
  if (line_.empty()) return std::nullopt;
  return std::exchange(line_, std::string());
}

}  // namespace reqivo::detail
