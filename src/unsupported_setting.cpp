#include "unsupported_setting.hpp"

namespace reqivo::detail {

std::string_view unsupported_setting(const FetchOptions& options,
                                     const Capabilities& capabilities) noexcept {
  const Credentials credentials = options.credentials().value_or(Credentials::omit);
  if (credentials == Credentials::same_origin && !capabilities.stored_credentials) {
    return "credentials(same_origin)";
  }
  if (credentials == Credentials::include && !capabilities.stored_credentials) {
    return "credentials(include)";
  }
  if (options.cache() == CacheMode::only_if_cached && !capabilities.http_cache) {
    return "cache(only_if_cached)";
  }
  if (options.integrity().has_value() && !capabilities.integrity) return "integrity";
  return {};
}

std::string_view unsupported_setting(const Timeout& limits,
                                     const Capabilities& capabilities) noexcept {
  return limits.pool().value() && !capabilities.connection_limits ? "timeout(pool)" : "";
}

std::string_view unsupported_setting(Redirect mode, const Capabilities& capabilities) noexcept {
  return mode == Redirect::manual && !capabilities.manual_redirects ? "redirect(manual)" : "";
}

std::string_view unsupported_max_redirects(const Capabilities& capabilities) noexcept {
  return capabilities.manual_redirects ? "" : "max_redirects";
}

std::string_view unsupported_decode(bool on, const Capabilities& capabilities) noexcept {
  return on || capabilities.raw_body ? "" : "decode(false)";
}

}  // namespace reqivo::detail
