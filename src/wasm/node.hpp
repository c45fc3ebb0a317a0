// What is needed under Node alone. Where a program is linked for pages only, none of it is in
// there.
#pragma once

#include <memory>
#include <string_view>

#include "platform/redirects.hpp"
#include "platform/transport.hpp"

namespace reqivo::wasm {

struct NodeParts {
  detail::FollowRedirect follow_redirect;
  /// Makes of a failure of the network what its cause's code, or what Node `says` of it, tell.
  void (*explain)(std::string_view code, std::string_view message, std::string_view says,
                  detail::Failure& failure);
  /// Node does not send this field.
  bool (*refuses_field)(std::string_view name, std::string_view value) noexcept;
  /// `exchange_whole`, and once more where that may have failed for a kept connection alone.
  Task<detail::Outcome<detail::Done>> (*send_whole)(
      std::shared_ptr<const detail::TransportRequest> request, detail::TransportResponse& response);
  /// The server has answered this request: it may keep the connection, and the answer may be in a
  /// coding that Node does not know.
  void (*take_answer)(const detail::TransportRequest& request, detail::TransportResponse& answer);
  /// The process ends with the program, and what it has left going on by itself with it, as
  /// natively. A page lives on, and so does that.
  void (*end_what_was_detached)() noexcept;
  /// For a program that is over before `main` has returned: ends what it has detached, and has the
  /// process end with this code.
  void (*end_program)(int exit_code) noexcept;
};

/// Null where this is a page or a worker of one.
[[nodiscard]] const NodeParts* node() noexcept;

}  // namespace reqivo::wasm
