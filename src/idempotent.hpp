// Which methods may be sent twice.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace reqivo::detail {

/// Sending a request with this method twice does what sending it once does (RFC 9110 §9.2.2).
[[nodiscard]] inline bool is_idempotent(std::string_view method) noexcept {
  static constexpr std::array<std::string_view, 6> idempotent = {"GET", "HEAD",   "OPTIONS",
                                                                 "PUT", "DELETE", "TRACE"};
  return std::find(idempotent.begin(), idempotent.end(), method) != idempotent.end();
}

}  // namespace reqivo::detail
