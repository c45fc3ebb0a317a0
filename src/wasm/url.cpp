// URLs by the platform's own URL class.
#include "platform/url.hpp"

#include <charconv>

#include "wasm/fetch_bridge.hpp"
#include "wasm/fetch_operation.hpp"

namespace reqivo::detail {
namespace {

/// What `reqivo_url_parse` writes to.
std::string parsed_text;

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  if (scheme == "ftp") return 21;
  return 0;
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
  if (reqivo_url_parse(input.data(), input.size(), base_href.data(), base_href.size()) == 0) {
    return std::nullopt;
  }
  return from_lines(parsed_text);
}

}  // namespace reqivo::detail

char* reqivo_allocate_text(std::size_t size) {
  reqivo::detail::parsed_text.resize(size);
  return reqivo::detail::parsed_text.data();
}
