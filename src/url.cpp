// What can be done to a parsed URL without parsing it again: its serialisation is already
// canonical.
#include "platform/url.hpp"

#include "encoding.hpp"

namespace reqivo::detail {
namespace {

/// `href` without '#' and what follows.
std::size_t end_without_fragment(const Url& url) {
  const std::size_t hash = url.href.find('#');
  return hash == std::string::npos ? url.href.size() : hash;
}

}  // namespace

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
