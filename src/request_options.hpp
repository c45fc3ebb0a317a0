// What a request builder gathers, and what becomes of it.
#pragma once

#include <cstddef>
#include <optional>
#include <reqivo/headers.hpp>
#include <reqivo/options.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "deadline.hpp"
#include "platform/failure.hpp"
#include "platform/transport.hpp"
#include "platform/url.hpp"

namespace reqivo::detail {

struct SessionState;

/// A request as its caller described it.
struct RequestOptions {
  RequestOptions() = default;

  /// Keeps the first of all refusals.
  void refuse(Failure why) {
    if (!refused) refused.emplace(std::move(why));
  }

  std::string method;
  std::string url;
  Headers headers;
  QueryParameters params;
  RequestBody body;
  std::string form;  ///< encoded so far; it becomes the body
  bool has_form = false;
  std::string_view body_type;  ///< the Content-Type that belongs to the body; empty: none
  std::string authorization;   ///< of the request's own auth; empty: none
  Timeout timeout;
  std::optional<std::optional<std::size_t>>
      body_limit;  ///< of what is buffered; in it, none: no limit
  std::optional<Redirect> redirect;
  std::optional<std::size_t> max_redirects;
  std::optional<bool> decode;
  FetchOptions fetch;
  std::optional<Failure> refused;
};

/// Upper-cases `method`. Failure: `invalid_request` where it is no token, or CONNECT.
[[nodiscard]] std::optional<Failure> normalize_method(std::string& method);

/// Makes the request to send of `options`, which is used up, and its session's settings. Failures:
/// whatever `options` was refused for, `invalid_url`, `invalid_request`. `request.url` is empty
/// where the URL was not valid, and `options` still has its text then.
[[nodiscard]] Outcome<Done> prepare_request(RequestOptions& options, SessionState& session,
                                            TransportRequest& request);

/// The limits of a request: the library's, then the session's, then its own.
[[nodiscard]] ResolvedTimeout resolve_timeout(const Timeout& request, const SessionState& session);

}  // namespace reqivo::detail
