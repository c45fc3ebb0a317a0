#include "wasm/error_map.hpp"

#include <string_view>
#include <utility>

#include "wasm/fetch_operation.hpp"
#include "wasm/node.hpp"

namespace reqivo::wasm {
namespace {

using detail::Failure;

/// The text that the native platform has for it, too.
std::string_view closed_in(Phase phase) noexcept {
  return phase == Phase::body ? "the server closed the connection before the body was whole"
                              : "the server closed the connection without an answer";
}

}  // namespace

Failure failure_of(std::string text, Phase phase) {
  // So short that it fits into the string itself: this is the answer to having no memory.
  if (text.empty()) return Failure(ErrorCode::limit_exceeded, phase, "no memory");
  std::string_view rest = text;
  const std::string_view name = take_line(rest);
  const std::string_view code = take_line(rest);
  const std::string_view message = take_line(rest);
  const std::string_view cause_message = take_line(rest);
  const Cause* const cause = node() != nullptr ? node()->cause_of(code, cause_message) : nullptr;
  if (cause == nullptr) {
    std::string what(message.empty() ? name : message);
    if (!cause_message.empty()) what.append(": ").append(cause_message);
    return Failure(ErrorCode::network, phase, std::move(what));
  }
  const bool unsent = cause->meaning == ErrorCode::unsupported;
  const Phase known = cause->phase == Phase::none && !unsent ? phase : cause->phase;
  const std::string_view what = cause->meaning == ErrorCode::connection_closed ? closed_in(known)
                                : cause_message.empty()                        ? message
                                                                               : cause_message;
  return Failure(cause->meaning, known, std::string(what), cause->retryable);
}

}  // namespace reqivo::wasm
