#include "wasm/request_modes.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "ascii.hpp"
#include "concatenate.hpp"
#include "wasm/node.hpp"
#include "white_space.hpp"

namespace reqivo::wasm {
namespace {

constexpr std::size_t longest_value = 128;

/// Fetch Standard, "CORS-unsafe request-header byte".
constexpr bool is_unsafe(char c) noexcept {
  constexpr std::string_view unsafe = "\"():<>?@[\\]{}\x7F";
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') ||
         unsafe.find(c) != std::string_view::npos;
}

constexpr bool is_of_language(char c) noexcept {
  constexpr std::string_view others = " *,-.;=";
  return detail::is_alphanumeric(c) || others.find(c) != std::string_view::npos;
}

/// What a form could send (HTML).
bool is_type_of_form(std::string_view type) noexcept {
  constexpr std::array<std::string_view, 3> types{"application/x-www-form-urlencoded",
                                                  "multipart/form-data", "text/plain"};
  type = detail::trim_end(type.substr(0, type.find(';')));
  return std::any_of(types.begin(), types.end(),
                     [type](std::string_view one) { return same_field_name(one, type); });
}

/// Fetch Standard, "no-CORS-safelisted request-header".
bool is_safelisted(std::string_view name, std::string_view value) noexcept {
  if (value.size() > longest_value) return false;
  if (same_field_name(name, "Accept-Language") || same_field_name(name, "Content-Language")) {
    return std::all_of(value.begin(), value.end(), is_of_language);
  }
  if (std::any_of(value.begin(), value.end(), is_unsafe)) return false;
  return same_field_name(name, "Accept") ||
         (same_field_name(name, "Content-Type") && is_type_of_form(value));
}

/// A browser would drop such a field silently, and answer the rest with a failure of the network.
std::string forbidden_without_cors(const detail::TransportRequest& request) {
  constexpr std::string_view mode = " in RequestMode::no_cors";
  constexpr std::array<std::string_view, 3> methods{"GET", "HEAD", "POST"};
  if (std::find(methods.begin(), methods.end(), request.method) == methods.end()) {
    return detail::concatenate({"the method ", request.method, mode});
  }
  if (request.redirect == Redirect::error) {
    return detail::concatenate({"redirect(error)", mode});
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_safelisted(name, value)) {
      return detail::concatenate({"setting the header ", name, " to this value", mode});
    }
  }
  return {};
}

std::string forbidden_by(const detail::TransportRequest& request) {
  // Node has no page whose origin could be another one: modes change nothing.
  if (node() != nullptr) return {};
  const std::optional<RequestMode> mode = request.fetch.mode();
  if (request.fetch.cache() == CacheMode::only_if_cached && mode != RequestMode::same_origin) {
    return "cache(only_if_cached) outside RequestMode::same_origin";  // browsers: a TypeError
  }
  return mode == RequestMode::no_cors ? forbidden_without_cors(request) : std::string();
}

}  // namespace
}  // namespace reqivo::wasm

namespace reqivo::detail {

void enable_request_modes() noexcept {
  wasm::forbidden_by_mode.store(wasm::forbidden_by, std::memory_order_relaxed);
}

}  // namespace reqivo::detail
