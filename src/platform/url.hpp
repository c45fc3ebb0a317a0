// URLs by the WHATWG rules. Each platform brings its own parser (ada natively, `URL` in
// JavaScript), so both agree on every odd input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reqivo::detail {

/// A parsed absolute URL; all parts are serialised as the URL Standard does (punycode,
/// percent-encoded). They stand in the whole: one text is made, moved and freed for each request
/// instead of seven. What they give is valid until the URL changes; one that was moved from is good
/// for assignment and destruction only.
class Url {
 public:
  Url() = default;
  /// Cuts up what the URL Standard's serialiser gave: it holds a scheme, at least.
  explicit Url(std::string href);
  /// The origin and user info of `other`, which is http or https, followed by `target`: the whole
  /// is `href`.
  Url(std::string href, const Url& other) noexcept;

  /// The whole, "https://user:pw@host:8080/path?query#fragment"; empty: there is no URL.
  [[nodiscard]] const std::string& href() const& noexcept { return href_; }
  [[nodiscard]] std::string href() && noexcept { return std::move(href_); }
  /// Without ':', lower case.
  [[nodiscard]] std::string_view scheme() const noexcept { return part(0, scheme_end_); }
  [[nodiscard]] bool is_http() const noexcept { return scheme() == "http" || scheme() == "https"; }
  /// Percent-encoded.
  [[nodiscard]] std::string_view username() const noexcept;
  [[nodiscard]] std::string_view password() const noexcept;
  [[nodiscard]] bool has_user_info() const noexcept { return host_begin_ > authority_begin_; }
  /// Without port; an IPv6 address keeps its brackets.
  [[nodiscard]] std::string_view host() const noexcept { return part(host_begin_, host_end_); }
  /// The scheme's default where the URL names none; 0 for schemes without one.
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// The URL names a port that is not the default.
  [[nodiscard]] bool has_port() const noexcept { return host_end_ < target_begin_; }
  /// All in front of the target: of a URL without user info, its origin.
  [[nodiscard]] std::string_view before_target() const noexcept { return part(0, target_begin_); }
  /// Path and query: what goes into the request line.
  [[nodiscard]] std::string_view target() const noexcept {
    return part(target_begin_, target_end_);
  }
  /// Without '#'.
  [[nodiscard]] std::string_view fragment() const noexcept;
  [[nodiscard]] bool has_fragment() const noexcept { return target_end_ < href_.size(); }

  /// Scheme, host and port are the same (HTML "same origin").
  [[nodiscard]] bool same_origin(const Url& other) const noexcept {
    return scheme() == other.scheme() && host() == other.host() && port_ == other.port_;
  }

 private:
  void read_authority(std::string_view authority) noexcept;
  [[nodiscard]] std::string_view part(std::uint32_t begin, std::uint32_t end) const noexcept {
    return {href_.data() + begin, static_cast<std::size_t>(end - begin)};
  }

  std::string href_;
  std::uint32_t scheme_end_ = 0;
  std::uint32_t authority_begin_ = 0;
  std::uint32_t username_end_ = 0;
  std::uint32_t host_begin_ = 0;
  std::uint32_t host_end_ = 0;
  std::uint32_t target_begin_ = 0;
  std::uint32_t target_end_ = 0;
  std::uint16_t port_ = 0;
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

/// Names and values.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

/// `url` with each `name=value` appended to its query, percent-encoded as
/// application/x-www-form-urlencoded except that a space is "%20" (servers differ on '+', none on
/// %20).
[[nodiscard]] Url with_query_parameters(Url url, const QueryParameters& parameters);

/// `url` without user info and fragment, as it may go on the wire.
[[nodiscard]] Url without_user_info_and_fragment(const Url& url);

}  // namespace reqivo::detail
