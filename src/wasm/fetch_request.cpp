#include "wasm/fetch_request.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "wasm/node.hpp"

namespace reqivo::wasm {
namespace {

std::string_view text_of(Credentials credentials) noexcept {
  switch (credentials) {
    case Credentials::omit:
      return "omit";
    case Credentials::same_origin:
      return "same-origin";
    case Credentials::include:
      return "include";
  }
  return "";
}

std::string_view text_of(RequestMode mode) noexcept {
  switch (mode) {
    case RequestMode::cors:
      return "cors";
    case RequestMode::same_origin:
      return "same-origin";
    case RequestMode::no_cors:
      // Node refuses redirects that are ours to follow in it.
      return node() != nullptr ? "" : "no-cors";
  }
  return "";
}

std::string_view text_of(CacheMode cache) noexcept {
  switch (cache) {
    case CacheMode::no_store:
      return "no-store";
    case CacheMode::use_cache:
      return "default";
    case CacheMode::reload:
      return "reload";
    case CacheMode::no_cache:
      return "no-cache";
    case CacheMode::force_cache:
      return "force-cache";
    case CacheMode::only_if_cached:
      return "only-if-cached";
  }
  return "";
}

std::string_view text_of(ReferrerPolicy policy) noexcept {
  switch (policy) {
    case ReferrerPolicy::platform_default:
      return "";
    case ReferrerPolicy::no_referrer:
      return "no-referrer";
    case ReferrerPolicy::no_referrer_when_downgrade:
      return "no-referrer-when-downgrade";
    case ReferrerPolicy::same_origin:
      return "same-origin";
    case ReferrerPolicy::origin:
      return "origin";
    case ReferrerPolicy::strict_origin:
      return "strict-origin";
    case ReferrerPolicy::origin_when_cross_origin:
      return "origin-when-cross-origin";
    case ReferrerPolicy::strict_origin_when_cross_origin:
      return "strict-origin-when-cross-origin";
    case ReferrerPolicy::unsafe_url:
      return "unsafe-url";
  }
  return "";
}

std::string_view text_of(RequestPriority priority) noexcept {
  switch (priority) {
    case RequestPriority::automatic:
      return "";
    case RequestPriority::high:
      return "high";
    case RequestPriority::low:
      return "low";
  }
  return "";
}

/// Where redirects are ours to follow, the platform shows each. A browser does not: there `manual`
/// only tells that there was one, which is what `error` needs to know it by. Under Node `follow`
/// says, next to a digest, that an answer which redirects need not have it.
std::string_view redirect_text(Redirect redirect, bool checked) noexcept {
  const bool shown =
      node() != nullptr ? !checked || redirect == Redirect::manual : redirect == Redirect::error;
  return shown ? "manual" : "follow";
}

void add_line(std::string& text, std::string_view line) { text.append(line).append(1, '\n'); }

/// Digests of integrity metadata may be apart by any white space.
std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::string fetch_head(const detail::TransportRequest& request) {
  const FetchOptions& options = request.fetch;
  const std::string integrity = on_one_line(options.integrity().value_or(""));
  const std::array<std::string_view, 10> settings{
      request.method,
      request.url.href(),
      redirect_text(request.redirect, !integrity.empty()),
      text_of(options.credentials().value_or(Credentials::omit)),
      text_of(options.mode().value_or(RequestMode::cors)),
      text_of(options.cache().value_or(CacheMode::no_store)),
      text_of(options.referrer_policy().value_or(ReferrerPolicy::platform_default)),
      integrity,
      options.keepalive().value_or(false) ? "1" : "",
      text_of(options.priority().value_or(RequestPriority::automatic))};
  std::string text;
  text.reserve(512);
  for (const std::string_view line : settings) add_line(text, line);
  for (const auto& [name, value] : request.headers) {
    add_line(text, name);
    add_line(text, value);
  }
  return text;
}

}  // namespace reqivo::wasm
