// Errors as values: what codecs, transports and the deadline hand back instead of throwing.
#pragma once

#include <memory>
#include <optional>
#include <reqivo/errors.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace reqivo::detail {

/// Why an exchange failed. `what` is for people, one line, and holds no received bytes and no
/// secrets.
///
/// Cold, so that the compiler puts what leads to one out of the way of requests that succeed: how
/// much code those pass through is most of what a small one costs.
struct Failure {
  [[gnu::cold]] Failure(ErrorCode failure_code, Phase failure_phase, std::string what_happened,
                        bool can_retry = false);
  /// The same for a literal, of which the many places that name one need not each make a string.
  [[gnu::cold]] Failure(ErrorCode failure_code, Phase failure_phase, const char* what_happened,
                        bool can_retry = false);
  [[gnu::cold]] Failure(const Failure& other);
  [[gnu::cold]] Failure(Failure&& other) noexcept;
  [[gnu::cold]] Failure& operator=(const Failure& other);
  [[gnu::cold]] Failure& operator=(Failure&& other) noexcept;
  [[gnu::cold]] ~Failure();

  ErrorCode code;
  Phase phase;
  /// The server cannot have acted on the request.
  bool retryable;
  std::string what;
};

/// A `T`, or the failure that took its place.
template <class T>
class [[nodiscard]] Outcome {
 public:
  Outcome(T value) : value_(std::move(value)) {}
  [[gnu::cold]] Outcome(Failure failure)
      : failure_(std::make_unique<Failure>(std::move(failure))) {}

  [[nodiscard]] bool ok() const noexcept { return failure_ == nullptr; }
  explicit operator bool() const noexcept { return ok(); }
  /// Only where `ok()`.
  [[nodiscard]] T& value() & noexcept { return *value_; }
  [[nodiscard]] T&& value() && noexcept { return std::move(*value_); }
  /// Only where not `ok()`.
  [[nodiscard]] Failure& failure() & noexcept { return *failure_; }
  [[nodiscard]] Failure&& failure() && noexcept { return std::move(*failure_); }

 private:
  // Not a variant, whose every move and destruction goes through a table of functions: where
  // exceptions are JavaScript's, that is a call out of WebAssembly and back.
  std::optional<T> value_;
  std::unique_ptr<Failure> failure_;  // rare, so that it takes a pointer's room
};

/// Success without a value, or a failure.
struct Done {
  Done() = default;
};

/// What cannot be asked for, whatever the server.
[[gnu::cold, nodiscard]] Failure invalid_request(const char* why);

/// What more than one platform says in the same words.
namespace says {
inline constexpr char redirect_not_allowed[] =
    "the server answered with a redirect, and none are allowed";
inline constexpr char closed_before_head[] = "the server closed the connection without an answer";
inline constexpr char closed_in_body[] =
    "the server closed the connection before the body was whole";
}  // namespace says

/// Throws the type of errors.hpp that belongs to `failure`, with a one-line message that names the
/// method and the URL. `url` is redacted here: user info, query and fragment are cut off.
[[noreturn]] void throw_failure(const Failure& failure, std::string_view method,
                                std::string_view url);

/// Throws the type of errors.hpp that belongs to `failure`, with `what` alone as its message: it is
/// about no request.
[[noreturn]] void throw_error(const Failure& failure);

/// `text` in one line: control characters could break a log's lines or drive a terminal.
[[nodiscard]] std::string without_controls(std::string_view text);

/// `url` without user info, query and fragment; also for text that is not a valid URL.
[[nodiscard]] std::string redact_url(std::string_view url);

}  // namespace reqivo::detail
