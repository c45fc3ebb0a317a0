// Text that a parser comes across while its input arrives.
#pragma once

#include <string>
#include <string_view>

namespace reqivo::native {

/// Mostly it lies in the input as a whole, and is not copied then; where the input was cut within
/// it, its parts are put together.
class PartedText {
 public:
  /// `part` is valid until `keep`.
  void append(std::string_view part) {
    if (text().empty()) {
      part_ = part;
    } else {
      keep();
      parts_.append(part);
    }
  }
  /// To be called before the input of the last part goes away.
  void keep() {
    if (part_.empty()) return;
    parts_.assign(part_);
    part_ = {};
  }
  [[nodiscard]] std::string_view text() const noexcept {
    return parts_.empty() ? part_ : std::string_view(parts_);
  }
  void clear() noexcept {
    part_ = {};
    parts_.clear();
  }

 private:
  std::string_view part_;  // empty: `parts_` is all of it
  std::string parts_;
};

}  // namespace reqivo::native
