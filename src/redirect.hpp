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
  [[nodiscard]] bool seen_before(const TransportRequest& request);

  Redirect mode_;
  std::size_t limit_;
  std::size_t followed_ = 0;
  // Method and URL of requests that an exact repeat would make a loop.
  std::vector<std::string> seen_;
};

/// `RedirectChain::follow` for an exchange. True: the redirect's body is out of the way and
/// `history` tells of it. That body has some time to come, so that its connection can be used
/// again; meanwhile `request` is still the one that was answered.
Task<Outcome<bool>> follow_redirect(RedirectChain& chain, TransportResponse& response,
                                    TransportRequest& request, std::vector<RedirectHop>& history);

}  // namespace reqivo::detail
