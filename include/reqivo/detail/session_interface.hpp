// The settings and verbs that all four kinds of session share.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <reqivo/detail/awaitable.hpp>
#include <reqivo/detail/session_core.hpp>
#include <string_view>
#include <type_traits>
#include <utility>

namespace reqivo::detail {

/// What can be called with it and is done then. A coroutine is not: nobody would await it.
template <class Hook, class Argument>
concept HookOf =
    std::invocable<Hook&, Argument&> && !Awaitable<std::invoke_result_t<Hook&, Argument&>>;

/// A hook that stays one object however often it is copied, with whatever state it keeps.
template <class Argument, class Hook>
std::function<void(Argument&)> share_hook(Hook hook) {
  return [shared = std::make_shared<Hook>(std::move(hook))](Argument& argument) {
    static_cast<void>(std::invoke(*shared, argument));
  };
}

/// Settings apply to requests sent afterwards. They chain, on a named session and on a temporary
/// one. Errors: ClosedError where the session was moved from.
template <class Derived, class Builder>
class SessionInterface {
 public:
  /// What relative URLs are relative to, as links of a page are: "users" relative to
  /// "https://h/api" is "https://h/users", relative to "https://h/api/" it is
  /// "https://h/api/users", and "/users" goes to the root in both. One that does not parse, or is
  /// not of http or https, makes each request fail with InvalidUrlError; an empty one takes it
  /// back.
  Derived& base_url(std::string_view url) & {
    core().base_url(url);
    return self();
  }
  Derived&& base_url(std::string_view url) && { return std::move(base_url(url)); }
  /// The total of requests that set none themselves, in place of all limits that were set before.
  /// The limits of the steps grow with it.
  Derived& default_timeout(Duration total) & {
    core().default_timeout(Timeout().total(total));
    return self();
  }
  Derived&& default_timeout(Duration total) && { return std::move(default_timeout(total)); }
  /// Replaces the default limits; what `limits` does not set is the library's default.
  /// Platforms: UnsupportedError for a pool limit where `capabilities().connection_limits` is
  /// false.
  Derived& default_timeout(const Timeout& limits) & {
    core().default_timeout(limits);
    return self();
  }
  Derived&& default_timeout(const Timeout& limits) && { return std::move(default_timeout(limits)); }
  /// "Authorization: Bearer ..." (RFC 6750) for every request that has no Authorization otherwise:
  /// in its headers, by its own auth, in its URL, or in `headers()`. Not sent to another origin
  /// after a redirect. An empty token takes back what was set by this or by `basic_auth`. Errors:
  /// RequestError where the token cannot be in a header.
  Derived& bearer_token(std::string_view token) & {
    core().bearer_token(token);
    return self();
  }
  Derived&& bearer_token(std::string_view token) && { return std::move(bearer_token(token)); }
  /// "Authorization: Basic ..." (RFC 7617), as `bearer_token`. Errors: RequestError where `user`
  /// holds a colon.
  Derived& basic_auth(std::string_view user, std::string_view password) & {
    core().basic_auth(user, password);
    return self();
  }
  Derived&& basic_auth(std::string_view user, std::string_view password) && {
    return std::move(basic_auth(user, password));
  }
  /// New requests get new connections, beside those of requests that are under way or wait for one
  /// and go by what was set before.
  /// Platforms: UnsupportedError where `capabilities().tls_options` is false.
  Derived& tls(TlsOptions options) & {
    core().tls(std::move(options));
    return self();
  }
  Derived&& tls(TlsOptions options) && { return std::move(tls(std::move(options))); }
  /// Replaces all of them: what `limits` does not set is the default. New requests as with `tls`.
  /// Errors: RequestError where it allows no connection. Platforms: UnsupportedError where
  /// `capabilities().connection_limits` is false, for all but `body_size` and `upload_buffer`.
  Derived& limits(Limits limits) & {
    core().limits(limits);
    return self();
  }
  Derived&& limits(Limits limits) && { return std::move(this->limits(limits)); }
  /// What a redirect does. Platforms: UnsupportedError for `manual` where
  /// `capabilities().manual_redirects` is false.
  Derived& redirect(Redirect mode) & {
    core().redirect(mode);
    return self();
  }
  Derived&& redirect(Redirect mode) && { return std::move(redirect(mode)); }
  /// How many redirects to follow (default: 20). Platforms: as `redirect`.
  Derived& max_redirects(std::size_t count) & {
    core().max_redirects(count);
    return self();
  }
  Derived&& max_redirects(std::size_t count) && { return std::move(max_redirects(count)); }
  /// Whether codings are asked for and Content-Encoding is undone (default). Platforms:
  /// UnsupportedError for false where `capabilities().raw_body` is false.
  Derived& decode(bool on) & {
    core().decode(on);
    return self();
  }
  Derived&& decode(bool on) && { return std::move(decode(on)); }
  /// Settings of the Fetch API. Platforms: UnsupportedError where the members of `FetchOptions` say
  /// so.
  Derived& fetch(FetchOptions options) & {
    core().fetch(std::move(options));
    return self();
  }
  Derived&& fetch(FetchOptions options) && { return std::move(fetch(std::move(options))); }
  /// Called once for each request when it is awaited, before it waits for a connection, and not for
  /// redirects; may change its headers. Hooks run in the order they were added; what one throws,
  /// the request throws. A hook may keep state of its own; it is a plain function: a coroutine is
  /// refused by the compiler.
  template <HookOf<Request> Hook>
  Derived& on_request(Hook hook) & {
    core().on_request(share_hook<Request>(std::move(hook)));
    return self();
  }
  template <HookOf<Request> Hook>
  Derived&& on_request(Hook hook) && {
    return std::move(on_request(std::move(hook)));
  }
  /// Called once for each response, after redirects: with its body where it is buffered, with an
  /// empty one where it is streamed; not for requests that fail. Order and errors: as `on_request`.
  template <HookOf<Response> Hook>
  Derived& on_response(Hook hook) & {
    core().on_response(share_hook<Response>(std::move(hook)));
    return self();
  }
  template <HookOf<Response> Hook>
  Derived&& on_response(Hook hook) && {
    return std::move(on_response(std::move(hook)));
  }
  /// Sent with every request that does not set them itself. Natively User-Agent and Accept have
  /// defaults beside them. Lifetime: the session's, also where it moves.
  [[nodiscard]] Headers& headers() { return core().headers(); }
  [[nodiscard]] const Headers& headers() const { return core().headers(); }

  /// Requests. `url` is absolute, or relative to `base_url`. Sent when the builder is awaited or
  /// sent. Also of a const session, whose settings are what does not change.
  Builder get(std::string_view url) const { return request("GET", url); }
  Builder head(std::string_view url) const { return request("HEAD", url); }
  Builder options(std::string_view url) const { return request("OPTIONS", url); }
  Builder post(std::string_view url) const { return request("POST", url); }
  Builder put(std::string_view url) const { return request("PUT", url); }
  Builder patch(std::string_view url) const { return request("PATCH", url); }
  Builder delete_(std::string_view url) const { return request("DELETE", url); }
  /// Any other method; it is upper-cased. Errors, when sent: RequestError where `method` is no
  /// token (RFC 9110 §5.6.2) or CONNECT, which asks for a tunnel and no response.
  Builder request(std::string_view method, std::string_view url) const {
    return Builder(core().begin(method, url));
  }

 protected:
  SessionInterface() noexcept = default;

 private:
  [[nodiscard]] Derived& self() noexcept { return static_cast<Derived&>(*this); }
  [[nodiscard]] SessionCore& core() noexcept { return SessionAccess::core(self()); }
  [[nodiscard]] const SessionCore& core() const noexcept {
    return SessionAccess::core(static_cast<const Derived&>(*this));
  }
};

}  // namespace reqivo::detail
