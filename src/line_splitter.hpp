// Lines out of chunks cut anywhere. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace reqivo::detail {

/// Lines end in "\n", "\r\n" or "\r". A line is there as soon as its end is: "\r" does not wait for
/// the "\n" that may follow in the next chunk.
class LineSplitter {
 public:
  /// Takes the next chunk, once `next` has given all lines of the one before.
  void feed(std::string chunk);
  /// The next whole line, without its end; none: more is needed.
  [[nodiscard]] std::optional<std::string> next();
  /// What is left at the end of the text: a last line without an end, if there is one.
  [[nodiscard]] std::optional<std::string> finish();
  /// What of the chunk is behind the lines that were given.
  [[nodiscard]] std::string_view rest() const noexcept;
  /// True where the chunk ends in "\r": a "\n" that begins the next one belongs to that line end.
  [[nodiscard]] bool ends_in_carriage_return() const noexcept {
    return after_carriage_return_ && at_ == chunk_.size();
  }
  /// Bytes held of the line that is not whole yet.
  [[nodiscard]] std::size_t pending() const noexcept { return line_.size(); }

 private:
  std::string chunk_;
  std::size_t at_ = 0;
  std::string line_;
  bool after_carriage_return_ = false;
};

}  // namespace reqivo::detail
