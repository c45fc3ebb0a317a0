// Sessions: pooled connections and shared settings.
#pragma once

#include <reqivo/detail/session_interface.hpp>
#include <reqivo/request.hpp>
#include <string_view>

namespace reqivo {

/// A session for coroutines. Movable; stays on the thread that made it: natively a request on
/// another one than the first is std::logic_error.
///
/// Lifetime: destroying it stops all of its requests at once; they throw ClosedError, and so do the
/// reads of its StreamResponses. Finished responses have no tie to it. Use after it was moved from:
/// ClosedError.
class AsyncSession : public detail::SessionInterface<AsyncSession, RequestBuilder> {
 public:
  AsyncSession() = default;
  explicit AsyncSession(std::string_view base_url) : core_(base_url) {}

  /// Takes no new requests (ClosedError), waits for those whose response is not there yet, then
  /// closes unused connections. StreamResponses handed out stay readable. May be called again.
  [[nodiscard]] Task<void> close() { return core_.close(); }

 private:
  friend class detail::SessionAccess;
  [[nodiscard]] detail::SessionCore& core() noexcept { return core_; }
  [[nodiscard]] const detail::SessionCore& core() const noexcept { return core_; }
  detail::SessionCore core_;
};

/// The same for programs without coroutines: `session.get(url).send()` blocks, driving this
/// thread's event loop. Errors: std::logic_error inside a running event loop.
class Session : public detail::SessionInterface<Session, BlockingRequestBuilder> {
 public:
  Session() = default;
  explicit Session(std::string_view base_url) : core_(base_url) {}

  /// As AsyncSession::close.
  void close();

 private:
  friend class detail::SessionAccess;
  [[nodiscard]] detail::SessionCore& core() noexcept { return core_; }
  [[nodiscard]] const detail::SessionCore& core() const noexcept { return core_; }
  detail::SessionCore core_;
};

}  // namespace reqivo
