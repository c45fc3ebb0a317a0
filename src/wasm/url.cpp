// URLs by the platform's own URL class.
#include "platform/url.hpp"

#include <utility>

#include "wasm/fetch_bridge.hpp"

namespace reqivo::detail {
namespace {

/// What `reqivo_url_parse` writes to while it is on the stack.
thread_local std::string* answer = nullptr;

int hexadecimal_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Chromium keeps in a host, percent-encoded, what the URL Standard refuses there (§3.5, "forbidden
/// domain code point"): "http://a b/" would become a request to "a%20b".
bool has_forbidden_code_point(std::string_view host) noexcept {
  for (std::size_t at = host.find('%'); at != std::string_view::npos; at = host.find('%', at + 1)) {
    if (at + 2 >= host.size()) return true;
    const int byte = hexadecimal_digit(host[at + 1]) * 16 + hexadecimal_digit(host[at + 2]);
    if (byte <= 0x20 || byte == 0x7F) return true;
    if (std::string_view("#%/:<>?@[\\]^|").find(static_cast<char>(byte)) !=
        std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<Url> parse_url(std::string_view input, const Url* base) {
  if (base != nullptr && base->href().empty()) return std::nullopt;
  const std::string_view base_href =
      base != nullptr ? std::string_view(base->href()) : std::string_view();
  std::string text;
  answer = &text;
  if (reqivo_url_parse(input.data(), input.size(), base_href.data(), base_href.size()) == 0) {
    return std::nullopt;
  }
  Url url(std::move(text));
  if (url.is_http() && has_forbidden_code_point(url.host())) return std::nullopt;
  return url;
}

}  // namespace reqivo::detail

char* reqivo_allocate_text(std::size_t size) {
  reqivo::detail::answer->resize(size);
  return reqivo::detail::answer->data();
}
