// Fields that somebody has checked already, such as a parser or another Headers.
#pragma once

#include <reqivo/headers.hpp>
#include <string_view>

namespace reqivo::detail {

/// What a program cannot do by itself: whatever it adds is checked.
class CheckedFields {
 public:
  /// Adds a field as it is: no check, no trimming.
  static void add(Headers& to, std::string_view name, std::string_view value);
};

}  // namespace reqivo::detail
