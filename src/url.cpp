// What can be done to a parsed URL without parsing it again: its serialisation is already
// canonical.
#include "platform/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <utility>

#include "ascii.hpp"
#include "concatenate.hpp"
#include "encoding.hpp"

namespace reqivo::detail {
namespace {

constexpr std::string_view authority_mark = "//";

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "http" || scheme == "ws") return 80;
  if (scheme == "https" || scheme == "wss") return 443;
  if (scheme == "ftp") return 21;
  return 0;
}

/// Where `mark` first stands; the end where it does not.
std::size_t find_or_end(std::string_view text, char mark) noexcept {
  return std::min(text.find(mark), text.size());
}

/// Code points that the URL Standard's path state and query state take over as they are, and that
/// mean nothing to them. '.' and '?' are looked at apart; '%' is not among them, since "%2e" is a
/// dot.
constexpr std::array<bool, 256> make_plain_table() {
  std::array<bool, 256> table{};
  for (char c = '\0'; c < '\x7F'; ++c) table[static_cast<unsigned char>(c)] = is_alphanumeric(c);
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
  for (const char c : target) {
    if (!plain_table[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

}  // namespace

// ---- Url

Url::Url(std::string href) : href_(std::move(href)) {
  const std::string_view whole = href_;
  const std::string_view before_fragment = whole.substr(0, find_or_end(whole, '#'));
  target_end_ = static_cast<std::uint32_t>(before_fragment.size());
  scheme_end_ = static_cast<std::uint32_t>(find_or_end(before_fragment, ':'));
  port_ = default_port(scheme());
  authority_begin_ = host_begin_ = host_end_ = target_begin_ = scheme_end_ + 1;
  std::string_view rest = before_fragment.substr(target_begin_);
  if (!rest.starts_with(authority_mark)) return;
  rest.remove_prefix(authority_mark.size());
  read_authority(rest.substr(0, rest.find_first_of("/?")));
}

/// What would end a part, and stands in it, has been percent-encoded.
void Url::read_authority(std::string_view authority) noexcept {
  const auto offset = [this](const char* at) {
    return static_cast<std::uint32_t>(at - href_.data());
  };
  authority_begin_ = host_begin_ = offset(authority.data());
  target_begin_ = offset(authority.data() + authority.size());
  if (const std::size_t at = authority.find('@'); at != std::string_view::npos) {
    const std::string_view user_info = authority.substr(0, at);
    username_end_ = authority_begin_ + static_cast<std::uint32_t>(find_or_end(user_info, ':'));
    authority.remove_prefix(at + 1);
    host_begin_ = offset(authority.data());
  }
  const std::size_t brackets = authority.starts_with('[') ? find_or_end(authority, ']') : 0;
  const std::string_view behind = authority.substr(brackets);
  const std::string_view port = behind.substr(find_or_end(behind, ':'));
  host_end_ = target_begin_ - static_cast<std::uint32_t>(port.size());
  if (!port.empty()) std::from_chars(port.data() + 1, port.data() + port.size(), port_);
}

Url::Url(std::string href, const Url& other) noexcept
    : href_(std::move(href)),
      scheme_end_(other.scheme_end_),
      authority_begin_(other.authority_begin_),
      username_end_(other.username_end_),
      host_begin_(other.host_begin_),
      host_end_(other.host_end_),
      target_begin_(other.target_begin_),
      target_end_(static_cast<std::uint32_t>(href_.size())),
      port_(other.port_) {}

std::string_view Url::username() const noexcept {
  return has_user_info() ? part(authority_begin_, username_end_) : std::string_view();
}

std::string_view Url::password() const noexcept {
  const std::uint32_t end = host_begin_ - 1;  // where '@' is
  return has_user_info() && username_end_ < end ? part(username_end_ + 1, end) : std::string_view();
}

std::string_view Url::fragment() const noexcept {
  return has_fragment() ? std::string_view(href_).substr(target_end_ + 1) : std::string_view();
}

// ---- what can be done without a parser

bool assign_plain_target(Url& to, std::string& input, const Url& known, bool known_is_base) {
  if (!known.is_http() || known.has_user_info()) return false;
  const std::string_view origin = known.before_target();
  const bool absolute = input.starts_with(origin);
  if (!absolute && !known_is_base) return false;
  if (!is_plain_target(std::string_view(input).substr(absolute ? origin.size() : 0))) return false;
  to = Url(absolute ? std::move(input) : concatenate({origin, input}), known);
  return true;
}

Url with_query_parameters(Url url, const QueryParameters& parameters) {
  const std::string_view target = url.target();
  std::string_view mark = "&";
  if (const std::size_t query = target.find('?'); query == std::string_view::npos) {
    mark = "?";
  } else if (query + 1 == target.size()) {
    mark = "";
  }
  std::string added;
  for (const auto& [name, value] : parameters) {
    added += mark;
    append_form_encoded(added, name, "%20");
    added += '=';
    append_form_encoded(added, value, "%20");
    mark = "&";
  }
  const std::size_t end = url.before_target().size() + target.size();
  std::string href = std::move(url).href();
  href.insert(end, added);
  return Url(std::move(href));
}

Url without_user_info_and_fragment(const Url& url) {
  std::string_view before_target = url.before_target();
  if (!url.has_user_info()) return Url(concatenate({before_target, url.target()}));
  const std::size_t host = static_cast<std::size_t>(url.host().data() - before_target.data());
  before_target.remove_prefix(host);
  return Url(concatenate({url.scheme(), "://", before_target, url.target()}));
}

}  // namespace reqivo::detail
