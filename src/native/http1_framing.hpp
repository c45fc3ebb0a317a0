// What the fields of a response head say about where the response ends.
#pragma once

#include <cstddef>
#include <reqivo/headers.hpp>
#include <string_view>

namespace reqivo::native {

/// The fields that decide on framing and persistence (RFC 9112 §6.1, §6.2, §9.3). Nothing is judged
/// here: what contradicts itself is for the parser to refuse.
struct FramingFields {
  FramingFields() = default;
  std::size_t length_count = 0;  ///< Content-Length fields
  std::size_t coding_count = 0;  ///< Transfer-Encoding fields
  bool only_chunked = false;     ///< the last Transfer-Encoding says "chunked" and nothing else
  bool close = false;            ///< Connection has the option "close"
  bool keep_alive = false;       ///< Connection has the option "keep-alive"
};

/// Whether the list, a value of Connection, has the option (RFC 9110 §7.6.1).
[[nodiscard]] bool has_connection_option(std::string_view list, std::string_view option) noexcept;

[[nodiscard]] FramingFields read_framing_fields(const Headers& headers);

}  // namespace reqivo::native
