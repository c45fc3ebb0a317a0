// URLs by ada, an implementation of the WHATWG URL Standard.
#include "platform/url.hpp"

#include <ada.h>

#include <algorithm>
#include <charconv>

#include "utf8.hpp"

namespace reqivo::detail {
namespace {

using ParsedUrl = ada::url_aggregator;

Url from_ada(const ParsedUrl& parsed) {
  Url url;
  url.href = parsed.get_href();
  const std::string_view protocol = parsed.get_protocol();
  url.scheme = protocol.substr(0, protocol.size() - 1);
  url.username = parsed.get_username();
  url.password = parsed.get_password();
  url.host = parsed.get_hostname();
  url.port = parsed.scheme_default_port();
  const std::string_view port = parsed.get_port();
  url.has_port = !port.empty();
  if (url.has_port) std::from_chars(port.data(), port.data() + port.size(), url.port);
  // Cut from href: the getter of the query hides an empty one, whose '?' browsers do send.
  const ada::url_components& offsets = parsed.get_components();
  const std::size_t end = std::min<std::size_t>(offsets.hash_start, url.href.size());
  url.target = url.href.substr(offsets.pathname_start, end - offsets.pathname_start);
  if (end < url.href.size()) url.fragment = url.href.substr(end + 1);
  return url;
}

std::optional<Url> parse_well_formed(std::string_view input, const ParsedUrl* base) {
  const auto parsed = ada::parse<ParsedUrl>(input, base);
  if (!parsed) return std::nullopt;
  return from_ada(*parsed);
}

}  // namespace

std::optional<Url> parse_url(std::string_view input, const Url* base) {
  // A browser's parser sees Unicode only: what is malformed has become U+FFFD before.
  const std::string text = well_formed_utf8(input);
  if (base == nullptr) return parse_well_formed(text, nullptr);
  const auto parsed_base = ada::parse<ParsedUrl>(base->href);
  if (!parsed_base) return std::nullopt;
  return parse_well_formed(text, &*parsed_base);
}

}  // namespace reqivo::detail
