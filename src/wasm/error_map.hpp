// The only place where JavaScript's errors become ours, but for what Node's causes mean: node.cpp.
#pragma once

#include <string>

#include "platform/failure.hpp"

namespace reqivo::wasm {

/// What an error of fetch means in `phase` (head or body). `text` is as reqivo_fetch_failed says. A
/// browser hides the cause: `network`, and never a guess. Node tells it.
[[nodiscard]] detail::Failure failure_of(std::string text, Phase phase);

}  // namespace reqivo::wasm
