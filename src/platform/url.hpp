// URLs by the WHATWG rules. Each platform brings its own parser (ada natively, `URL` in
// JavaScript), so both agree on every odd input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reqivo::detail {

/// A parsed absolute URL; all parts are serialised as the URL Standard does (punycode,
/// percent-encoded).
struct Url {
  Url() = default;
  std::string href;      ///< the whole, "https://user:pw@host:8080/path?query#fragment"
  std::string scheme;    ///< without ':', lower case
  std::string username;  ///< percent-encoded, as in `href`
  std::string password;  ///< percent-encoded, as in `href`
  std::string host;      ///< without port; an IPv6 address keeps its brackets
  std::uint16_t port =
      0;  ///< the scheme's default where the URL names none; 0 for schemes without one
  bool has_port = false;  ///< the URL names a port that is not the default
  std::string target;     ///< path and query: what goes into the request line
  std::string fragment;   ///< without '#'

  /// Scheme, host and port are the same (HTML "same origin").
  [[nodiscard]] bool same_origin(const Url& other) const noexcept {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

/// Parses `input`, relative to `base` where that is given (URL Standard §4.4, the URL parser API
/// with a base). `std::nullopt` where it does not parse. Any scheme parses: who wants http(s)
/// checks it.
[[nodiscard]] std::optional<Url> parse_url(std::string_view input, const Url* base = nullptr);

/// Makes `to` what `parse_url(input, base)` would give, where that can be seen without parsing:
/// `input` is `known`'s origin and a path in which the URL parser changes nothing, or, with `known`
/// as its base, such a path alone. `input` is moved from where it is the whole URL. False: it has
/// to be parsed, and both are as they were.
[[nodiscard]] bool assign_plain_target(Url& to, std::string& input, const Url& known,
                                       bool known_is_base);

/// `url` with `name=value` appended to its query, percent-encoded as
/// application/x-www-form-urlencoded except that a space is "%20" (servers differ on '+', none on
/// %20).
[[nodiscard]] Url with_query_parameter(Url url, std::string_view name, std::string_view value);

/// `url` without user info and fragment, as it may go on the wire.
[[nodiscard]] Url without_credentials(Url url);

}  // namespace reqivo::detail
