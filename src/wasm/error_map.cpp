#include "wasm/error_map.hpp"

#include <string_view>
#include <utility>

#include "wasm/fetch_operation.hpp"
#include "wasm/node.hpp"

namespace reqivo::wasm {

using detail::Failure;

Failure failure_of(std::string text, Phase phase) {
  // So short that it fits into the string itself: this is the answer to having no memory.
  if (text.empty()) return Failure(ErrorCode::limit_exceeded, phase, "no memory");
  std::string_view rest = text;
  const std::string_view name = take_line(rest);
  const std::string_view code = take_line(rest);
  const std::string_view message = take_line(rest);
  const std::string_view cause_message = take_line(rest);
  std::string what(message.empty() ? name : message);
  if (!cause_message.empty()) what.append(": ").append(cause_message);
  Failure failure(ErrorCode::network, phase, std::move(what));
  if (node() != nullptr) node()->explain(code, message, cause_message, failure);
  return failure;
}

}  // namespace reqivo::wasm
