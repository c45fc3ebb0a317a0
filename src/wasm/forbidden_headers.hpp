// Which header fields and methods the platform keeps to itself.
#pragma once

#include <reqivo/headers.hpp>
#include <string_view>

namespace reqivo::wasm {

/// The name of the first field that cannot be set; empty: all can. In a browser those that the
/// Fetch Standard forbids (§2.2.2), and User-Agent where the browser would drop it silently. Under
/// Node those that rule the connection.
[[nodiscard]] std::string_view forbidden_field(const Headers& headers);
/// Fetch Standard, "forbidden method".
[[nodiscard]] bool is_forbidden_method(std::string_view method) noexcept;

}  // namespace reqivo::wasm
