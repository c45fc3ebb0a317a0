// Small text encodings that requests need.
#pragma once

#include <string>
#include <string_view>

namespace reqivo::detail {

/// Appends `text` percent-encoded by the application/x-www-form-urlencoded set (URL Standard §5.2):
/// all but ASCII letters, digits and "*-._" becomes %XX, and a space becomes `space`, "+" in forms,
/// "%20" in queries.
void append_form_encoded(std::string& to, std::string_view text, std::string_view space);
/// "%41" to "A"; a '%' without two hex digits stays as it is (URL Standard §1.3).
[[nodiscard]] std::string percent_decode(std::string_view text);
/// RFC 4648 §4, with padding.
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace reqivo::detail
