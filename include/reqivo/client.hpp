// The facades: a session of its own behind the same verbs and settings.
#pragma once

#include <reqivo/session.hpp>
#include <string_view>

namespace reqivo {

/// `AsyncReqivo client; client.on_request(hook); co_await client.get(url);`
class AsyncReqivo : public detail::SessionInterface<AsyncReqivo, RequestBuilder> {
 public:
  AsyncReqivo() = default;
  explicit AsyncReqivo(std::string_view base_url) : session_(base_url) {}

  /// As AsyncSession::close.
  [[nodiscard]] Task<void> close() { return session_.close(); }
  /// The session behind it.
  [[nodiscard]] AsyncSession& session() noexcept { return session_; }

 private:
  friend class detail::SessionAccess;
  [[nodiscard]] detail::SessionCore& core() noexcept {
    return detail::SessionAccess::core(session_);
  }
  [[nodiscard]] const detail::SessionCore& core() const noexcept {
    return detail::SessionAccess::core(session_);
  }
  AsyncSession session_;
};

/// The same, blocking: `Reqivo client; Response response = client.get(url).send();`
class Reqivo : public detail::SessionInterface<Reqivo, BlockingRequestBuilder> {
 public:
  Reqivo() = default;
  explicit Reqivo(std::string_view base_url) : session_(base_url) {}

  /// As AsyncSession::close.
  void close() { session_.close(); }
  /// The session behind it.
  [[nodiscard]] Session& session() noexcept { return session_; }

 private:
  friend class detail::SessionAccess;
  [[nodiscard]] detail::SessionCore& core() noexcept {
    return detail::SessionAccess::core(session_);
  }
  [[nodiscard]] const detail::SessionCore& core() const noexcept {
    return detail::SessionAccess::core(session_);
  }
  Session session_;
};

}  // namespace reqivo
