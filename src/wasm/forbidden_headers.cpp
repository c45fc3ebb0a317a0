#include "wasm/forbidden_headers.hpp"

#include <algorithm>
#include <array>

#include "wasm/fetch_bridge.hpp"
#include "wasm/node.hpp"
#include "white_space.hpp"

namespace reqivo::wasm {
namespace {

/// Fields of the connection, which no fetch lets its caller set.
constexpr std::array<std::string_view, 7> of_connection{
    "Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Upgrade", "Transfer-Encoding"};
/// The others that the Fetch Standard names.
constexpr std::array<std::string_view, 14> of_browser{"Accept-Charset",
                                                      "Accept-Encoding",
                                                      "Access-Control-Request-Headers",
                                                      "Access-Control-Request-Method",
                                                      "Access-Control-Request-Private-Network",
                                                      "Cookie",
                                                      "Cookie2",
                                                      "Date",
                                                      "DNT",
                                                      "Origin",
                                                      "Referer",
                                                      "Set-Cookie",
                                                      "TE",
                                                      "Trailer"};

bool is_any_of(const auto& names, std::string_view name) noexcept {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view one) { return same_field_name(one, name); });
}

bool begins_with(std::string_view name, std::string_view prefix) noexcept {
  return same_field_name(name.substr(0, prefix.size()), prefix);
}

/// X-HTTP-Method and its like may not name a forbidden method.
bool overrides_method(std::string_view name, std::string_view value) noexcept {
  constexpr std::array<std::string_view, 3> overrides{"X-HTTP-Method", "X-HTTP-Method-Override",
                                                      "X-Method-Override"};
  if (!is_any_of(overrides, name)) return false;
  while (!value.empty()) {
    if (is_forbidden_method(detail::take_element(value))) return true;
  }
  return false;
}

bool forbidden_in_browser(std::string_view name, std::string_view value) noexcept {
  return is_any_of(of_browser, name) || same_field_name(name, "Via") ||
         begins_with(name, "Proxy-") || begins_with(name, "Sec-") ||
         overrides_method(name, value) ||
         (same_field_name(name, "User-Agent") && reqivo_keeps_user_agent() != 0);
}

}  // namespace

bool is_forbidden_method(std::string_view method) noexcept {
  constexpr std::array<std::string_view, 3> methods{"CONNECT", "TRACE", "TRACK"};
  return is_any_of(methods, method);
}

std::string_view forbidden_field(const Headers& headers) {
  const NodeParts* const in_node = node();
  for (const auto& [name, value] : headers) {
    if (is_any_of(of_connection, name)) return name;
    if (in_node != nullptr ? in_node->refuses_field(name, value)
                           : forbidden_in_browser(name, value)) {
      return name;
    }
  }
  return {};
}

}  // namespace reqivo::wasm
