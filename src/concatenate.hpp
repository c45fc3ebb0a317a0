// Texts put together in one call: each step of a chain of + is a temporary, and in wasm its
// clean-up.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace reqivo::detail {

[[nodiscard]] std::string concatenate(std::initializer_list<std::string_view> parts);

}  // namespace reqivo::detail
