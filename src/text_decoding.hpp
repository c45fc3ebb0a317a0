// Bytes to UTF-8 by their charset, as `Response::text()` does it. WHATWG Encoding Standard.
#pragma once

#include <string>
#include <string_view>

namespace reqivo::detail {

/// `bytes` as UTF-8. The charset is, in this order: a byte order mark (UTF-8, UTF-16LE, UTF-16BE;
/// removed); the charset parameter of `content_type` (an empty string: none); UTF-8. Known charsets
/// and their labels follow the Encoding Standard §4.2 for utf-8, utf-16le (utf-16), utf-16be and
/// windows-1252, of which "latin1", "iso-8859-1" and "us-ascii" are labels; an unknown charset is
/// read as UTF-8. Malformed sequences become U+FFFD as the standard's decoders put it (maximal
/// subpart practice), never an error: TextDecoder's result.
[[nodiscard]] std::string decode_text(std::string_view bytes, std::string_view content_type);

/// The value of parameter `name` in a Content-Type value (RFC 9110 §5.6.6), or in several with
/// commas between them, unquoted; empty if there is none.
[[nodiscard]] std::string media_type_parameter(std::string_view content_type,
                                               std::string_view name);

}  // namespace reqivo::detail
