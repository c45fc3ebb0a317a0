// What messages must not show: secrets in URLs, also in text that no URL parser accepts, and
// control characters.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ascii.hpp"
#include "concatenate.hpp"
#include "platform/failure.hpp"
#include "platform/url.hpp"

namespace reqivo::detail {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

/// What the URL parser itself drops before it looks (URL Standard §4.4, steps 1 to 3), and no
/// controls.
std::string as_parsed(std::string_view url) {
  const auto is_edge = [](char c) { return static_cast<unsigned char>(c) <= 0x20; };
  while (!url.empty() && is_edge(url.front())) url.remove_prefix(1);
  while (!url.empty() && is_edge(url.back())) url.remove_suffix(1);
  std::string text(url);
  std::erase_if(text, [](char c) { return c == '\t' || c == '\n' || c == '\r'; });
  return text;
}

/// The length of "scheme:", or 0.
std::size_t scheme_length(std::string_view text) noexcept {
  const std::size_t colon = text.find(':');
  if (colon == npos || colon == 0 || !is_alpha(text[0])) return 0;
  const std::string_view name = text.substr(0, colon);
  const bool valid = std::all_of(name.begin(), name.end(), [](char c) {
    return is_alphanumeric(c) || c == '+' || c == '-' || c == '.';
  });
  return valid ? colon + 1 : 0;
}

/// Schemes for which the parser takes any number of slashes and backslashes, even none (URL
/// Standard §4.2, "special scheme").
bool is_special(std::string_view scheme) noexcept {
  const auto is = [scheme](std::string_view wanted) {
    return std::equal(scheme.begin(), scheme.end(), wanted.begin(), wanted.end(),
                      [](char c, char lower) { return to_lower(c) == lower; });
  };
  return is("http:") || is("https:") || is("ws:") || is("wss:") || is("ftp:");
}

/// Where the authority begins, or npos where the text has none (a relative path).
std::size_t authority_start(std::string_view text, std::string_view slashes) noexcept {
  const std::size_t scheme = scheme_length(text);
  const std::size_t after_slashes = std::min(text.find_first_not_of(slashes, scheme), text.size());
  if (scheme != 0 && (is_special(text.substr(0, scheme)) || after_slashes >= scheme + 2)) {
    return after_slashes;
  }
  const std::size_t leading = std::min(text.find_first_not_of(slashes), text.size());
  return leading == 1 ? npos : leading;
}

/// Whether all is where the parser of our URLs finds it. Else what looks like a host and a port may
/// be a user name and the beginning of a password with '/', '?' or '#' in it.
bool is_http_url(std::string_view text) {
  std::optional<Url> base;  // for what has no scheme of its own
  if (scheme_length(text) == 0) base = parse_url("http://base");
  const std::optional<Url> url = parse_url(text, base ? &*base : nullptr);
  return url && url->is_http();
}

std::string redacted(std::string_view text) {
  const bool special = is_special(text.substr(0, scheme_length(text)));
  const bool other_scheme = !special && text.find("://") != npos;
  const std::string_view slashes = other_scheme ? "/" : "/\\";
  const std::size_t start = authority_start(text, slashes);
  const std::string_view shown = text.substr(0, text.find_first_of("?#"));
  if (start == npos) return std::string(shown);

  const std::size_t end = std::min(shown.find_first_of(slashes, start), shown.size());
  const std::string_view before = shown.substr(0, start);
  if (text.find('@', end) != npos && !is_http_url(text)) return concatenate({before, "***"});
  const std::string_view authority = shown.substr(start, end - start);
  // Without '@' this is all of it: npos + 1 is 0.
  const std::string_view host = authority.substr(authority.rfind('@') + 1);
  return concatenate({before, host, shown.substr(end)});
}

}  // namespace

std::string without_controls(std::string_view text) {
  std::string clean(text);
  std::replace_if(clean.begin(), clean.end(), is_control, '?');
  return clean;
}

std::string redact_url(std::string_view url) {
  // Only now: a '?' put in before would look like a query.
  return without_controls(redacted(as_parsed(url)));
}

}  // namespace reqivo::detail
