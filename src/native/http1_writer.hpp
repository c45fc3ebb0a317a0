// Writes HTTP/1.1 requests as bytes: the request head and the chunks of a body. It only
// concatenates: everything must be checked already.
#pragma once

#include <string>
#include <string_view>

#include "native/byte_buffer.hpp"

namespace reqivo::native {

/// The request line (RFC 9112 §3); `target` is origin-form ("/path?query").
void append_request_line(ByteBuffer& to, std::string_view method, std::string_view target);

/// One field line (RFC 9112 §5).
void append_field(ByteBuffer& to, std::string_view name, std::string_view value);

/// `bytes` as one chunk of a chunked body (RFC 9112 §7.1), appended to `to`; nothing for an empty
/// input.
void append_chunk(std::string& to, std::string_view bytes);
/// The last chunk and the empty trailer section.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace reqivo::native
