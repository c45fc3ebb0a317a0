// What a redirect makes of a request: Fetch Standard, "HTTP-redirect fetch". Pure.
#pragma once

#include <cstddef>
#include <reqivo/headers.hpp>
#include <reqivo/options.hpp>
#include <reqivo/response.hpp>
#include <string>
#include <vector>

#include "platform/failure.hpp"
#include "platform/transport.hpp"
#include "platform/url.hpp"

namespace reqivo::detail {

/// True for the statuses that redirect where there is a Location (Fetch Standard, "redirect
/// status").
[[nodiscard]] bool is_redirect_status(int status) noexcept;

/// One request and the redirects that it led to.
class RedirectChain {
 public:
  RedirectChain(Redirect mode, std::size_t limit) noexcept : mode_(mode), limit_(limit) {}

  /// Whether the answer leads on, unless `follow` finds fault with it.
  [[nodiscard]] bool follows(int status, const Headers& answer) const;
  /// Looks at the answer to `request`. True: `request` has become the one to send next. False: this
  /// answer is the one to hand out. Failures: `too_many_redirects`, `redirect_loop`,
  /// `invalid_response` (a Location that is no http(s) URL), `invalid_request` (a streamed body
  /// would have to be sent again).
  ///
  /// Fragments are not inherited, as Fetch has it: they are cut off before a request is sent, and
  /// `Response::url()` does without.
  [[nodiscard]] Outcome<bool> follow(int status, const Headers& answer, TransportRequest& request);

 private:
  [[nodiscard]] Outcome<Url> read_location(std::string_view location, const Url& from) const;
  void remember(const TransportRequest& request);
  [[nodiscard]] bool was_seen(const TransportRequest& request) const;

  Redirect mode_;
  std::size_t limit_;
  std::size_t followed_ = 0;
  // Method and URL of requests that an exact repeat would make a loop.
  std::vector<std::string> seen_;
};

}  // namespace reqivo::detail
