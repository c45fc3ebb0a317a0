// What is left of a piece of a body whose beginning was handed out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace reqivo::detail {

/// The bytes from `at` on. Moved about as a whole: copying what is left for every part that is
/// handed out would take the longer the smaller the parts are.
struct RestOfPiece {
  RestOfPiece() = default;
  RestOfPiece(std::string piece) noexcept : bytes(std::move(piece)) {}

  [[nodiscard]] std::string_view view() const noexcept {
    return std::string_view(bytes).substr(at);
  }
  [[nodiscard]] bool empty() const noexcept { return at == bytes.size(); }
  /// Removes that many bytes of `view()`. What is used up gives back its memory: the next piece may
  /// be as large.
  void skip(std::size_t size) noexcept {
    at += size;
    if (!empty()) return;
    std::string().swap(bytes);  // assigning one without bytes may keep the memory
    at = 0;
  }
  /// Goes on with the piece that follows; for an empty one.
  void go_on(std::string next) noexcept {
    bytes = std::move(next);
    at = 0;
    skip_line_feed();
  }
  /// Removes a "\n" that belongs to the line end before it.
  void skip_line_feed() noexcept {
    if (empty()) return;
    if (std::exchange(after_carriage_return, false) && bytes[at] == '\n') skip(1);
  }
  /// `view()` as a string of its own.
  [[nodiscard]] std::string take() {
    bytes.erase(0, std::exchange(at, 0));
    return std::exchange(bytes, std::string());
  }

  std::string bytes;
  std::size_t at = 0;
  /// What came before ended in "\r": a "\n" that follows belongs to that line end.
  bool after_carriage_return = false;
};

}  // namespace reqivo::detail
