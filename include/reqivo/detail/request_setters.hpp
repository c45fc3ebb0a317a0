// The chained members of the asynchronous and the blocking request builder.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <reqivo/detail/request_draft.hpp>
#include <type_traits>
#include <utility>

namespace reqivo::detail {

template <class T>
concept CharacterType = std::same_as<T, char> || std::same_as<T, wchar_t> ||
    std::same_as<T, decltype(u8' ')> || std::same_as<T, char16_t> || std::same_as<T, char32_t>;

template <class T>
concept ParameterNumber = std::integral<T> && !std::same_as<T, bool> && !CharacterType<T>;

/// Every member works on a named builder and on a temporary one, and gives back that builder. What
/// is asked wrongly (a bad header, two bodies, an option that the backend lacks) is thrown when the
/// request is sent, before anything goes out; the first such error wins.
template <class Builder>
class RequestSetters {
 public:
  /// Replaces what the request has under `name`, and the session's default. Errors: RequestError
  /// where name or value hold what a header cannot.
  Builder& header(std::string_view name, std::string_view value) & {
    draft_.header(name, value);
    return self();
  }
  Builder&& header(std::string_view name, std::string_view value) && {
    return std::move(header(name, value));
  }
  /// A literal 0 is no number here but a null pointer.
  void header(std::string_view name, std::nullptr_t value) = delete;
  /// Adds one more field under `name`. Errors: as `header`.
  Builder& add_header(std::string_view name, std::string_view value) & {
    draft_.add_header(name, value);
    return self();
  }
  Builder&& add_header(std::string_view name, std::string_view value) && {
    return std::move(add_header(name, value));
  }
  void add_header(std::string_view name, std::nullptr_t value) = delete;
  /// All of these at once: every name in `fields` replaces what the request has under it; repeats
  /// in `fields` stay.
  Builder& headers(const Headers& fields) & {
    draft_.headers(fields);
    return self();
  }
  Builder&& headers(const Headers& fields) && { return std::move(headers(fields)); }

  /// Appends `name=value` to the query, percent-encoded (a space as "%20").
  Builder& param(std::string_view name, std::string_view value) & {
    draft_.param(name, value);
    return self();
  }
  Builder&& param(std::string_view name, std::string_view value) && {
    return std::move(param(name, value));
  }
  void param(std::string_view name, std::nullptr_t value) = delete;
  /// The same in decimal.
  template <ParameterNumber Number>
  Builder& param(std::string_view name, Number value) & {
    if constexpr (std::is_signed_v<Number>) {
      draft_.signed_param(name, value);
    } else {
      draft_.unsigned_param(name, value);
    }
    return self();
  }
  template <ParameterNumber Number>
  Builder&& param(std::string_view name, Number value) && {
    return std::move(param(name, value));
  }
  /// The same in the fewest digits that tell it from its neighbours; a long double, which differs
  /// between platforms, as a double.
  template <std::floating_point Number>
  Builder& param(std::string_view name, Number value) & {
    using Written = std::conditional_t<std::same_as<Number, float>, float, double>;
    std::array<char, 64> text;
    const auto written =
        std::to_chars(text.data(), text.data() + text.size(), static_cast<Written>(value));
    return param(name, std::string_view(text.data(), written.ptr));
  }
  template <std::floating_point Number>
  Builder&& param(std::string_view name, Number value) && {
    return std::move(param(name, value));
  }
  /// The same as "true" or "false".
  template <std::same_as<bool> Flag>
  Builder& param(std::string_view name, Flag value) & {
    return param(name, std::string_view(value ? "true" : "false"));
  }
  template <std::same_as<bool> Flag>
  Builder&& param(std::string_view name, Flag value) && {
    return std::move(param(name, value));
  }
  /// Nothing is appended where there is no value.
  template <class T>
  Builder& param(std::string_view name, const std::optional<T>& value) & {
    if (value) param(name, *value);
    return self();
  }
  template <class T>
  Builder&& param(std::string_view name, const std::optional<T>& value) && {
    return std::move(param(name, value));
  }
  /// `param` for each pair of a range, such as a std::map or a std::vector of pairs.
  template <class Pairs>
  Builder& params(const Pairs& pairs) & {
    for (const auto& [name, value] : pairs) param(name, value);
    return self();
  }
  template <class Pairs>
  Builder&& params(const Pairs& pairs) && {
    return std::move(params(pairs));
  }

  /// Sends `value` as JSON, with Content-Type application/json unless one is set.
  /// NaN and the infinities become null. Errors: JsonError where it cannot be written as JSON;
  /// RequestError where there is a body already.
  Builder& json(const nlohmann::json& value) & {
    draft_.json(value);
    return self();
  }
  Builder&& json(const nlohmann::json& value) && { return std::move(json(value)); }
  /// Any type with a to_json, as nlohmann/json finds it. Needs reqivo/json.hpp.
  template <class T>
  Builder& json(const T& value) & {
    JsonValue<T>::put(draft_, value);
    return self();
  }
  template <class T>
  Builder&& json(const T& value) && {
    return std::move(json(value));
  }

  /// Sends these bytes; no Content-Type unless one is set. Errors: RequestError where there is a
  /// body already.
  Builder& body(std::string bytes) & {
    draft_.body(std::move(bytes));
    return self();
  }
  Builder&& body(std::string bytes) && { return std::move(body(std::move(bytes))); }
  /// The same from a view, of which a copy is made.
  Builder& body(std::same_as<std::string_view> auto bytes) & { return body(std::string(bytes)); }
  Builder&& body(std::same_as<std::string_view> auto bytes) && {
    return std::move(body(std::string(bytes)));
  }
  /// Sends what the generator yields, as it is yielded, chunked (RFC 9112 §7.1). What the generator
  /// throws is thrown to who awaits the request. It cannot be sent twice: a redirect that keeps the
  /// body is RequestError (where a browser has followed it, the body was in memory), and so is a
  /// generator that was given to a request before. Platforms: where
  /// `capabilities().streamed_upload` is false it is held in memory first, and beyond
  /// `Limits::upload_buffer` it is UnsupportedError.
  Builder& body(Generator<std::string>&& pieces) & {
    draft_.body(std::move(pieces), std::nullopt);
    return self();
  }
  Builder&& body(Generator<std::string>&& pieces) && { return std::move(body(std::move(pieces))); }
  /// The same with Content-Length: the generator has to yield `length` bytes in all. Platforms:
  /// fetch sends no stream with a length, so it is held in memory up to `Limits::upload_buffer`;
  /// beyond that it goes chunked under Node, and is UnsupportedError in a browser.
  Builder& body(Generator<std::string>&& pieces, std::uint64_t length) & {
    draft_.body(std::move(pieces), length);
    return self();
  }
  Builder&& body(Generator<std::string>&& pieces, std::uint64_t length) && {
    return std::move(body(std::move(pieces), length));
  }
  /// A generator with a name is taken over: afterwards it is as good as moved from.
  Builder& body(Generator<std::string>& pieces) & { return body(std::move(pieces)); }
  Builder&& body(Generator<std::string>& pieces) && { return std::move(body(std::move(pieces))); }
  Builder& body(Generator<std::string>& pieces, std::uint64_t length) & {
    return body(std::move(pieces), length);
  }
  Builder&& body(Generator<std::string>& pieces, std::uint64_t length) && {
    return std::move(body(std::move(pieces), length));
  }
  /// The header Content-Type.
  Builder& content_type(std::string_view type) & { return header("Content-Type", type); }
  Builder&& content_type(std::string_view type) && { return std::move(content_type(type)); }
  /// Adds a field to an application/x-www-form-urlencoded body. Errors: RequestError with another
  /// body.
  Builder& form(std::string_view name, std::string_view value) & {
    draft_.form(name, value);
    return self();
  }
  Builder&& form(std::string_view name, std::string_view value) && {
    return std::move(form(name, value));
  }
  void form(std::string_view name, std::nullptr_t value) = delete;

  /// How much of this response may be buffered (`Limits::body_size`), in place of the session's.
  /// Errors: RequestError where another limit is set, which are all the session's.
  Builder& limits(const Limits& limits) & {
    draft_.limits(limits);
    return self();
  }
  Builder&& limits(const Limits& limits) && { return std::move(this->limits(limits)); }

  /// The whole exchange, redirects and body included; limits per step that nobody set grow with it.
  Builder& timeout(Duration total) & {
    draft_.timeout(Timeout().total(total));
    return self();
  }
  Builder&& timeout(Duration total) && { return std::move(timeout(total)); }
  /// The limits that `limits` sets; the others stay what they are. Platforms: UnsupportedError for
  /// a pool limit where `capabilities().connection_limits` is false.
  Builder& timeout(const Timeout& limits) & {
    draft_.timeout(limits);
    return self();
  }
  Builder&& timeout(const Timeout& limits) && { return std::move(timeout(limits)); }
  /// What a redirect does. Platforms: UnsupportedError for `manual` where
  /// `capabilities().manual_redirects` is false.
  Builder& redirect(Redirect mode) & {
    draft_.redirect(mode);
    return self();
  }
  Builder&& redirect(Redirect mode) && { return std::move(redirect(mode)); }
  /// How many redirects to follow; one more is TooManyRedirects. Platforms: as `redirect`.
  Builder& max_redirects(std::size_t count) & {
    draft_.max_redirects(count);
    return self();
  }
  Builder&& max_redirects(std::size_t count) && { return std::move(max_redirects(count)); }
  /// Whether Content-Encoding is undone. Platforms: UnsupportedError for false where
  /// `capabilities().raw_body` is.
  Builder& decode(bool on) & {
    draft_.decode(on);
    return self();
  }
  Builder&& decode(bool on) && { return std::move(decode(on)); }
  /// Settings of the Fetch API; what `options` does not set stays the session's. Platforms:
  /// UnsupportedError where the members of `FetchOptions` say so.
  Builder& fetch(FetchOptions options) & {
    draft_.fetch(std::move(options));
    return self();
  }
  Builder&& fetch(FetchOptions options) && { return std::move(fetch(std::move(options))); }
  /// "Authorization: Bearer ..." (RFC 6750), in place of the session's. A header set by `header`
  /// wins over it. An empty token is none: the session's is sent.
  Builder& bearer_token(std::string_view token) & {
    draft_.bearer_token(token);
    return self();
  }
  Builder&& bearer_token(std::string_view token) && { return std::move(bearer_token(token)); }
  /// "Authorization: Basic ..." (RFC 7617), as `bearer_token`. Errors: RequestError where `user`
  /// holds a colon.
  Builder& basic_auth(std::string_view user, std::string_view password) & {
    draft_.basic_auth(user, password);
    return self();
  }
  Builder&& basic_auth(std::string_view user, std::string_view password) && {
    return std::move(basic_auth(user, password));
  }

 protected:
  explicit RequestSetters(RequestDraft draft) noexcept : draft_(std::move(draft)) {}
  [[nodiscard]] RequestDraft& draft() noexcept { return draft_; }

 private:
  [[nodiscard]] Builder& self() noexcept { return static_cast<Builder&>(*this); }
  RequestDraft draft_;
};

}  // namespace reqivo::detail
