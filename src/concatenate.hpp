// Texts put together in one call: each step of a chain of + is a temporary, and in wasm its
// clean-up.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace reqivo::detail {

[[nodiscard]] std::string concatenate(std::initializer_list<std::string_view> parts);

/// In decimal. std::to_string does the same by a table of its own, which each wasm would carry.
[[nodiscard]] std::string decimal(std::uint64_t value);

}  // namespace reqivo::detail
