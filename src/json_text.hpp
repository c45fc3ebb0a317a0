// JSON text, with nlohmann/json's exceptions turned into failures.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "platform/failure.hpp"

namespace reqivo::detail {

/// Failure: `json` where a string of `value` is not UTF-8.
[[nodiscard]] Outcome<std::string> json_text(const nlohmann::json& value);

}  // namespace reqivo::detail
