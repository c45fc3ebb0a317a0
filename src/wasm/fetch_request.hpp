// A request as the Fetch API takes it.
#pragma once

#include <string>

#include "platform/transport.hpp"

namespace reqivo::wasm {

/// Everything but the body, as reqivo_fetch_start takes it.
[[nodiscard]] std::string fetch_head(const detail::TransportRequest& request);

}  // namespace reqivo::wasm
