// Names of methods and fields.
#pragma once

#include <string_view>

namespace reqivo::detail {

/// Whether `text` is a token (RFC 9110 §5.6.2).
[[nodiscard]] bool is_token(std::string_view text) noexcept;

}  // namespace reqivo::detail
