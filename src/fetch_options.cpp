#include <reqivo/fetch_options.hpp>

#include "platform/transport.hpp"

namespace reqivo {

// Out of line, as they are many instructions that a request comes by at several places.
FetchOptions::FetchOptions(const FetchOptions& other) = default;
FetchOptions::FetchOptions(FetchOptions&& other) noexcept = default;
FetchOptions& FetchOptions::operator=(const FetchOptions& other) = default;
FetchOptions& FetchOptions::operator=(FetchOptions&& other) noexcept = default;
FetchOptions::~FetchOptions() = default;

void FetchOptions::apply(const FetchOptions& other) {
  if (other.credentials_) credentials_ = other.credentials_;
  if (other.mode_) mode_ = other.mode_;
  if (other.cache_) cache_ = other.cache_;
  if (other.referrer_policy_) referrer_policy_ = other.referrer_policy_;
  if (other.integrity_) integrity_ = other.integrity_;
  if (other.keepalive_) keepalive_ = other.keepalive_;
  if (other.priority_) priority_ = other.priority_;
}

FetchOptions& FetchOptions::mode(RequestMode value) {
  detail::enable_request_modes();
  return assign(mode_, value);
}

FetchOptions& FetchOptions::cache(CacheMode value) {
  detail::enable_request_modes();  // of which one of the values needs one
  return assign(cache_, value);
}

}  // namespace reqivo
