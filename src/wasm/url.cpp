// URLs by the platform's own URL class.
#include "platform/url.hpp"

#include <charconv>

#include "wasm/fetch_bridge.hpp"
#include "wasm/fetch_operation.hpp"

namespace reqivo::detail {
namespace {

/// What `reqivo_url_parse` writes to while it is on the stack.
thread_local std::string* answer = nullptr;

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  if (scheme == "ftp") return 21;
  return 0;
}

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

Url from_lines(std::string_view text) {
  Url url;
  url.href = wasm::take_line(text);
  url.scheme = wasm::take_line(text);
  url.username = wasm::take_line(text);
  url.password = wasm::take_line(text);
  url.host = wasm::take_line(text);
  const std::string_view port = wasm::take_line(text);
  url.has_port = !port.empty();
  url.port = default_port(url.scheme);
  if (url.has_port) std::from_chars(port.data(), port.data() + port.size(), url.port);
  url.target = wasm::take_line(text);
  url.fragment = wasm::take_line(text);
  return url;
}

}  // namespace

std::optional<Url> parse_url(std::string_view input, const Url* base) {
  if (base != nullptr && base->href.empty()) return std::nullopt;
  const std::string_view base_href = base != nullptr ? base->href : std::string_view();
  std::string text;
  answer = &text;
  if (reqivo_url_parse(input.data(), input.size(), base_href.data(), base_href.size()) == 0) {
    return std::nullopt;
  }
  Url url = from_lines(text);
  const bool names_domain = url.scheme == "http" || url.scheme == "https";
  if (names_domain && has_forbidden_code_point(url.host)) return std::nullopt;
  return url;
}

}  // namespace reqivo::detail

char* reqivo_allocate_text(std::size_t size) {
  reqivo::detail::answer->resize(size);
  return reqivo::detail::answer->data();
}
