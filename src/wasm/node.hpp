// What is needed under Node alone. Where a program is linked for pages only, none of it is in
// there.
#pragma once

#include <string_view>

#include "platform/redirects.hpp"
#include "platform/transport.hpp"

namespace reqivo::wasm {

/// What a cause's code says, whatever the phase.
struct Cause {
  std::string_view code;  ///< the whole, or with a closing '*' the beginning
  ErrorCode meaning;
  Phase phase;  ///< none: the phase that the exchange was in
  bool retryable;
};

struct NodeParts {
  detail::FollowRedirect follow_redirect;
  /// Null where the code, and what Node says of it, is not known.
  const Cause* (*cause_of)(std::string_view code, std::string_view says) noexcept;
  /// Node sends no field with this value.
  bool (*refuses_value)(std::string_view value) noexcept;
  bool (*may_be_replayed)(const detail::Failure& failure, const detail::TransportRequest& request);
  /// The server has answered this request: it may keep the connection, and the answer may be in a
  /// coding that Node does not know.
  void (*take_answer)(const detail::TransportRequest& request, detail::TransportResponse& answer);
  /// The process ends with the program, and what it has left going on by itself with it, as
  /// natively. A page lives on, and so does that.
  void (*end_what_was_detached)() noexcept;
};

/// Null where this is a page or a worker of one.
[[nodiscard]] const NodeParts* node() noexcept;

}  // namespace reqivo::wasm
