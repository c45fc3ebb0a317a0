// UTF-8 as the Encoding Standard's encoder and decoder see it.
#pragma once

#include <string>
#include <string_view>

namespace reqivo::detail {

/// Appends `point`, a Unicode scalar value.
void append_utf8(std::string& to, char32_t point);

/// `bytes` as well-formed UTF-8: each malformed sequence becomes one U+FFFD, as the standard's
/// decoder puts it (Encoding Standard §8.1.1; Unicode's maximal subparts). A byte order mark stays.
[[nodiscard]] std::string well_formed_utf8(std::string_view bytes);

}  // namespace reqivo::detail
