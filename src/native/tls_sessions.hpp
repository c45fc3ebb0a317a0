// Resumable TLS sessions of one context.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "native/openssl_handles.hpp"

namespace reqivo::native {

/// A small, bounded store of sessions by origin. The newest is taken first; a TLS 1.3 ticket is
/// given out once (RFC 8446 §C.4: reuse lets observers link connections), a TLS 1.2 session until
/// it expires.
class TlsSessions {
 public:
  static constexpr std::size_t most_per_origin = 2;
  static constexpr std::size_t most_in_all = 256;

  void add(std::string_view origin, SslSessionHandle session);
  /// Null where there is none that can still be resumed.
  [[nodiscard]] SslSessionHandle take(std::string_view origin);
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    std::string origin;
    SslSessionHandle session;
  };
  /// Oldest first. Linear search: 256 comparisons are nothing beside a handshake.
  std::vector<Entry> entries_;
};

}  // namespace reqivo::native
