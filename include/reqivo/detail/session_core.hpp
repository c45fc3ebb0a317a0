// What sessions have in common, not as templates.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <reqivo/detail/request_draft.hpp>
#include <reqivo/detail/task.hpp>
#include <reqivo/headers.hpp>
#include <reqivo/options.hpp>
#include <string>
#include <string_view>

namespace reqivo {

class Request;
class Response;

/// Sees a request, and may change it, before it is sent. What it throws, the request throws.
using RequestHook = std::function<void(Request&)>;
/// Sees a response, and may change it, before its caller does. What it throws, the request throws.
using ResponseHook = std::function<void(Response&)>;

namespace detail {

struct SessionState;

/// Owns a session's state. Destroying it stops all that runs under it. Every member but the moves
/// and the destructor: ClosedError where it was moved from.
class SessionCore {
 public:
  SessionCore();
  explicit SessionCore(std::string_view base_url);
  SessionCore(SessionCore&& other) noexcept = default;
  SessionCore& operator=(SessionCore&& other) noexcept;
  ~SessionCore();

  void base_url(std::string_view url);
  void default_timeout(const Timeout& limits);
  void bearer_token(std::string_view token);
  void basic_auth(std::string_view user, std::string_view password);
  void tls(TlsOptions options);
  void limits(Limits limits);
  void redirect(Redirect mode);
  void max_redirects(std::size_t count);
  void decode(bool on);
  void fetch(FetchOptions options);
  void on_request(RequestHook hook);
  void on_response(ResponseHook hook);
  [[nodiscard]] Headers& headers() const;

  [[nodiscard]] RequestDraft begin(std::string_view method, std::string_view url) const;
  [[nodiscard]] Task<void> close() const;

  /// For tests and for the library itself.
  [[nodiscard]] SessionState& state() const;

 private:
  std::shared_ptr<SessionState> state_;
};

/// Reaches the core of a session; tests put a transport of their own there.
class SessionAccess {
 public:
  template <class AnySession>
  [[nodiscard]] static auto& core(AnySession& session) noexcept {
    return session.core();
  }
};

}  // namespace detail
}  // namespace reqivo
