// Settings of the Fetch API that have no counterpart among the rest of Reqivo's. Chained members,
// no aggregates: g++ 12 corrupts memory on a braced aggregate inside a co_await expression.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace reqivo {

/// Whether cookies and other credentials that the platform keeps go along (Fetch Standard,
/// "credentials mode"). Natively nothing is kept, so all but `omit` is unsupported.
enum class Credentials {
  omit,         ///< none are sent, and none are stored: the default, as it is natively
  same_origin,  ///< to the page's own origin only
  include,      ///< everywhere
};

/// What a page may do across origins (Fetch Standard, "request mode"). Natively there is no page
/// and no origin: it changes nothing.
enum class RequestMode {
  cors,         ///< other origins must allow it: the default
  same_origin,  ///< to another origin: NetworkError
  /// Another origin's response is opaque: status 0, no headers, no body. Platforms: in a browser
  /// all that a form could not send is UnsupportedError: methods but GET, HEAD and POST, header
  /// fields but Accept, Accept-Language, Content-Language and a form's Content-Type
  /// ("no-CORS-safelisted request-header"); and so is `Redirect::error`.
  no_cors,
};

/// How the platform's HTTP cache takes part (Fetch Standard, "cache mode"). Natively there is no
/// cache, and all but `only_if_cached` is what happens anyway.
enum class CacheMode {
  no_store,        ///< neither read nor written: the default, as it is natively
  use_cache,       ///< "default" in Fetch: by the rules of RFC 9111
  reload,          ///< written, not read
  no_cache,        ///< what is cached is validated first
  force_cache,     ///< what is cached is taken, however old
  only_if_cached,  ///< the network is not used; needs RequestMode::same_origin
};

/// What the Referer field tells (Referrer Policy). Natively none is sent unless it is set as a
/// header: it changes nothing.
enum class ReferrerPolicy {
  platform_default,
  no_referrer,
  no_referrer_when_downgrade,
  same_origin,
  origin,
  strict_origin,
  origin_when_cross_origin,
  strict_origin_when_cross_origin,
  unsafe_url,
};

/// How urgent a request is beside the page's other ones: a hint (Fetch Standard, "priority").
/// Natively it changes nothing.
enum class RequestPriority { automatic, high, low };

/// The settings above for a session or for one request, where what is not set is the session's. The
/// redirect mode is not here: `redirect(Redirect)` sets it on every platform.
class FetchOptions {
 public:
  FetchOptions() = default;
  FetchOptions(const FetchOptions& other);
  FetchOptions(FetchOptions&& other) noexcept;
  FetchOptions& operator=(const FetchOptions& other);
  FetchOptions& operator=(FetchOptions&& other) noexcept;
  ~FetchOptions();

  /// Platforms: UnsupportedError for `same_origin` and `include` where
  /// `capabilities().stored_credentials` is false.
  FetchOptions& credentials(Credentials value) { return assign(credentials_, value); }
  /// Natively and under Node it changes nothing.
  FetchOptions& mode(RequestMode value);
  /// Platforms: UnsupportedError for `only_if_cached` where `capabilities().http_cache` is false,
  /// and elsewhere when a request goes with it in another mode than RequestMode::same_origin.
  FetchOptions& cache(CacheMode value);
  /// Natively it changes nothing.
  FetchOptions& referrer_policy(ReferrerPolicy value) { return assign(referrer_policy_, value); }
  /// The body must have this digest, such as "sha256-..." (Subresource Integrity §3.1); otherwise
  /// NetworkError. Platforms: UnsupportedError where `capabilities().integrity` is false.
  FetchOptions& integrity(std::string digest) { return assign(integrity_, std::move(digest)); }
  /// The request may outlive the page that sent it. Natively there is no page: it changes nothing.
  /// Platforms: in a page a body above 64 KiB, over all such requests, is NetworkError (Fetch
  /// §4.6).
  FetchOptions& keepalive(bool on) { return assign(keepalive_, on); }
  /// A hint, which only browsers take.
  FetchOptions& priority(RequestPriority value) { return assign(priority_, value); }

  [[nodiscard]] std::optional<Credentials> credentials() const noexcept { return credentials_; }
  [[nodiscard]] std::optional<RequestMode> mode() const noexcept { return mode_; }
  [[nodiscard]] std::optional<CacheMode> cache() const noexcept { return cache_; }
  [[nodiscard]] std::optional<ReferrerPolicy> referrer_policy() const noexcept {
    return referrer_policy_;
  }
  [[nodiscard]] const std::optional<std::string>& integrity() const noexcept { return integrity_; }
  [[nodiscard]] std::optional<bool> keepalive() const noexcept { return keepalive_; }
  [[nodiscard]] std::optional<RequestPriority> priority() const noexcept { return priority_; }

  /// Takes over what `other` sets.
  void apply(const FetchOptions& other);

 private:
  template <class T, class Value>
  FetchOptions& assign(std::optional<T>& to, Value&& value) {
    to = std::forward<Value>(value);
    return *this;
  }
  std::optional<Credentials> credentials_;
  std::optional<RequestMode> mode_;
  std::optional<CacheMode> cache_;
  std::optional<ReferrerPolicy> referrer_policy_;
  std::optional<std::string> integrity_;
  std::optional<bool> keepalive_;
  std::optional<RequestPriority> priority_;
};

}  // namespace reqivo
