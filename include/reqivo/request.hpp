// Requests: described by chained members, sent by awaiting them.
#pragma once

#include <reqivo/detail/request_setters.hpp>
#include <reqivo/response.hpp>
#include <string>
#include <utility>

namespace reqivo {

/// A request as a hook sees it, just before it is sent. Lifetime: the hook's call.
class Request {
 public:
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  [[nodiscard]] const std::string& method() const noexcept { return method_; }
  /// Absolute, with all parameters, without user info and fragment.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  /// What will be sent, the session's defaults included. A hook may change it. Behind the hooks
  /// come the framing and, unless it is set here, natively Host and Accept-Encoding, elsewhere what
  /// the platform adds.
  [[nodiscard]] Headers& headers() const noexcept { return headers_; }

 private:
  friend class detail::Exchange;
  Request(const std::string& method, const std::string& url, Headers& headers) noexcept
      : method_(method), url_(url), headers_(headers) {}
  const std::string& method_;
  const std::string& url_;
  Headers& headers_;
};

/// A request of an AsyncSession. It is an awaitable and a task: `co_await session.get(url)`,
/// `Task<Response> task = session.get(url)`, `gather(session.get(a), session.get(b))`. One that is
/// not awaited sends nothing. It is sent once; afterwards it is as good as moved from, also where
/// it has a name.
class [[nodiscard]] RequestBuilder : public detail::RequestSetters<RequestBuilder> {
 public:
  explicit RequestBuilder(detail::RequestDraft draft) noexcept : RequestSetters(std::move(draft)) {}

  /// Sends it and gives the response with its whole body. Errors: RequestError and its kinds,
  /// InvalidUrlError, UnsupportedError, JsonError, ClosedError; what a hook or the body's generator
  /// throws.
  [[nodiscard]] detail::TaskAwaiter<Response> operator co_await() {
    return detail::TaskAwaiter<Response>(draft().send());
  }
  operator Task<Response>() && { return draft().send(); }  // NOLINT: meant to convert
  /// Sends it when awaited and gives the response as soon as its head is there. Errors: as above.
  [[nodiscard]] Task<StreamResponse> stream() { return draft().open(); }
};

/// A request of a blocking Session. One that is not sent does nothing. It is sent once.
class [[nodiscard]] BlockingRequestBuilder : public detail::RequestSetters<BlockingRequestBuilder> {
 public:
  explicit BlockingRequestBuilder(detail::RequestDraft draft) noexcept
      : RequestSetters(std::move(draft)) {}

  /// Blocks until the whole response is there, driving this thread's event loop meanwhile. Errors:
  /// as awaiting a RequestBuilder; std::logic_error inside a running event loop.
  Response send();
  /// Blocks until the head of the response is there. Errors: as `send`.
  [[nodiscard]] BlockingStreamResponse stream();
};

}  // namespace reqivo
