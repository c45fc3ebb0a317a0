// How long a body says that it is.
#pragma once

#include <cstdint>
#include <optional>
#include <reqivo/headers.hpp>

namespace reqivo::detail {

/// The number of bytes that will be read, where the head tells: none with a Content-Encoding, whose
/// decoded length nobody knows, and none where it is no number.
[[nodiscard]] std::optional<std::uint64_t> content_length(const Headers& headers);

}  // namespace reqivo::detail
