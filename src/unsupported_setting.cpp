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

}  // namespace reqivo::detail
