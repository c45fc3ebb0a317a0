// What can be done to a parsed URL without parsing it again: its serialisation is already
// canonical.
#include "platform/url.hpp"

#include <algorithm>
#include <array>

#include "concatenate.hpp"
#include "encoding.hpp"

namespace reqivo::detail {
namespace {

/// `href` without '#' and what follows.
std::size_t end_without_fragment(const Url& url) {
  const std::size_t hash = url.href.find('#');
  return hash == std::string::npos ? url.href.size() : hash;
}

/// Code points that the URL Standard's path state and query state take over as they are, and that
/// mean nothing to them. '.' and '?' are looked at apart; '%' is not among them, since "%2e" is a
/// dot.
constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view("-_~!$&()*+,;=:@/.?")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}
constexpr std::array<bool, 256> plain_table = make_plain_table();

/// A path, maybe with a query, that stays as it is: see `plain_table`. "." and ".." segments would
/// not; a second '/' in front would be a host.
bool is_plain_target(std::string_view target) {
  if (!target.starts_with('/') || target.starts_with("//")) return false;
  if (target.find("/.") != std::string_view::npos) return false;
  return std::all_of(target.begin(), target.end(),
                     [](char c) { return plain_table[static_cast<unsigned char>(c)]; });
}

}  // namespace

bool assign_plain_target(Url& to, std::string& input, const Url& known, bool known_is_base) {
  const bool http = known.scheme == "http" || known.scheme == "https";
  if (!http || !known.username.empty() || !known.password.empty()) return false;
  const std::size_t origin_size = known.href.find('/', known.scheme.size() + 3);
  const std::string_view origin = std::string_view(known.href).substr(0, origin_size);
  const bool absolute = input.starts_with(origin);
  if (!absolute && !known_is_base) return false;
  const std::string_view target = std::string_view(input).substr(absolute ? origin.size() : 0);
  if (!is_plain_target(target)) return false;
  to.target = target;
  if (absolute) {
    to.href = std::move(input);
  } else {
    to.href = concatenate({origin, input});
  }
  to.scheme = known.scheme;
  to.username.clear();
  to.password.clear();
  to.host = known.host;
  to.port = known.port;
  to.has_port = known.has_port;
  to.fragment.clear();
  return true;
}

Url with_query_parameter(Url url, std::string_view name, std::string_view value) {
  std::string pair;
  const std::size_t query = url.target.find('?');
  if (query == std::string::npos) {
    pair = "?";
  } else if (query + 1 < url.target.size()) {
    pair = "&";
  }
  append_form_encoded(pair, name, "%20");
  pair += '=';
  append_form_encoded(pair, value, "%20");
  url.href.insert(end_without_fragment(url), pair);
  url.target += pair;
  return url;
}

Url without_credentials(Url url) {
  url.href.resize(end_without_fragment(url));
  const std::size_t authority = url.href.find("//");
  const bool has_user_info = !url.username.empty() || !url.password.empty();
  if (has_user_info && authority != std::string::npos) {
    // Any other '@' in the authority is percent-encoded.
    const std::size_t at = url.href.find('@', authority);
    url.href.erase(authority + 2, at - authority - 1);
  }
  url.username.clear();
  url.password.clear();
  url.fragment.clear();
  return url;
}

}  // namespace reqivo::detail
