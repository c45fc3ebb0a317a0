// URLs by ada, an implementation of the WHATWG URL Standard.
#include "platform/url.hpp"

#include <ada.h>

#include <string>

#include "utf8.hpp"

namespace reqivo::detail {
namespace {

using ParsedUrl = ada::url_aggregator;

std::optional<Url> parse_well_formed(std::string_view input, const ParsedUrl* base) {
  const auto parsed = ada::parse<ParsedUrl>(input, base);
  if (!parsed) return std::nullopt;
  return Url(std::string(parsed->get_href()));
}

}  // namespace

std::optional<Url> parse_url(std::string_view input, const Url* base) {
  // A browser's parser sees Unicode only: what is malformed has become U+FFFD before.
  const std::string text = well_formed_utf8(input);
  if (base == nullptr) return parse_well_formed(text, nullptr);
  const auto parsed_base = ada::parse<ParsedUrl>(base->href());
  if (!parsed_base) return std::nullopt;
  return parse_well_formed(text, &*parsed_base);
}

}  // namespace reqivo::detail
