// What the request modes of the Fetch Standard forbid, in programs that choose one or a cache mode.
#pragma once

#include <atomic>
#include <string>

#include "platform/transport.hpp"

namespace reqivo::wasm {

/// What of the request its mode forbids, in words; empty: nothing. Null until
/// `detail::enable_request_modes`: a program that chooses no mode does not carry the code for it.
using ForbiddenByMode = std::string (*)(const detail::TransportRequest& request);
inline constinit std::atomic<ForbiddenByMode> forbidden_by_mode{nullptr};

}  // namespace reqivo::wasm
