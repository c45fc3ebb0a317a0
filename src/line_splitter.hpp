// Lines out of chunks cut anywhere. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "rest_of_piece.hpp"

namespace reqivo::detail {

/// Lines end in "\n", "\r\n" or "\r". A line is there as soon as its end is: "\r" does not wait for
/// the "\n" that may follow in the next chunk.
class LineSplitter {
 public:
  /// Takes the next chunk, once `next` has given all lines of the one before.
  void feed(RestOfPiece chunk) noexcept;
  /// The next whole line, without its end; none: more is needed.
  [[nodiscard]] std::optional<std::string> next();
  /// What is left at the end of the text: a last line without an end, if there is one.
  [[nodiscard]] std::optional<std::string> finish();
  /// Gives away what of the chunk is behind the lines that were given.
  [[nodiscard]] RestOfPiece take_rest() noexcept;
  /// Bytes held of the line that is not whole yet.
  [[nodiscard]] std::size_t pending() const noexcept { return line_.size(); }

 private:
  RestOfPiece chunk_;
  std::string line_;
};

}  // namespace reqivo::detail
