// What all TLS connections of a session share.
#pragma once

#include <memory>
#include <reqivo/options.hpp>

#include "platform/failure.hpp"

namespace reqivo::native {

/// Trust, client certificate, protocol versions, resumable
/// sessions. Made once from `TlsOptions`; immutable but for the session cache, and so, like its
/// session, for one thread at a time.
class TlsContext {
 public:
  /// Failure `tls`, phase tls: a file that cannot be read, PEM that does not parse, a key that does
  /// not fit its certificate, no system CA store found although one is needed. The text names the
  /// file and the reason.
  static detail::Outcome<std::shared_ptr<TlsContext>> make(const TlsOptions& options);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

 private:
  friend class TlsEngine;
  struct State;
  explicit TlsContext(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace reqivo::native
