// Errors as values: what codecs, transports and the deadline hand back instead of throwing.
#pragma once

#include <reqivo/errors.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace reqivo::detail {

/// Why an exchange failed. `what` is for people, one line, and holds no received bytes and no
/// secrets.
struct Failure {
  Failure(ErrorCode failure_code, Phase failure_phase, std::string what_happened,
          bool can_retry = false)
      : code(failure_code),
        phase(failure_phase),
        retryable(can_retry),
        what(std::move(what_happened)) {}
  /// The same for a literal, of which the many places that name one need not each make a string.
  Failure(ErrorCode failure_code, Phase failure_phase, const char* what_happened,
          bool can_retry = false);

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
  Outcome(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  /// Only where `ok()`.
  [[nodiscard]] T& value() & { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  /// Only where not `ok()`.
  [[nodiscard]] Failure& failure() & { return *std::get_if<1>(&state_); }
  [[nodiscard]] Failure&& failure() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Failure> state_;
};

/// Success without a value, or a failure.
struct Done {
  Done() = default;
};

/// Throws the type of errors.hpp that belongs to `failure`, with a one-line message that names the
/// method and the URL. `url` is redacted here: user info, query and fragment are cut off.
[[noreturn]] void throw_failure(const Failure& failure, std::string_view method,
                                std::string_view url);

/// `url` without user info, query and fragment; also for text that is not a valid URL.
[[nodiscard]] std::string redact_url(std::string_view url);

}  // namespace reqivo::detail
