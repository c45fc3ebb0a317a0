// Awaiting what has to fail, and looking at how it failed.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/capabilities.hpp>
#include <reqivo/errors.hpp>
#include <stdexcept>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace reqivo::test {

/// The failure of `awaitable`, which has to be an E and nothing derived from it.
template <class E, Awaitable A>
Task<E> failure_of(A awaitable) {
  try {
    static_cast<void>(co_await std::move(awaitable));
  } catch (const E& failure) {
    const bool exact_type = typeid(failure) == typeid(E);
    CAPTURE(failure.what());
    CHECK(exact_type);
    co_return failure;
  }
  FAIL("it did not fail, and should have with " << typeid(E).name());
  throw std::logic_error("unreachable: FAIL throws");
}

/// The failure of a request by the network or by a malformed answer: an E where the backend knows
/// causes, else the NetworkError that is all a browser tells.
template <class E, Awaitable A>
Task<RequestError> network_failure_of(A awaitable) {
  if (capabilities().network_error_detail) {
    Task<E> known = failure_of<E>(std::move(awaitable));
    co_return co_await std::move(known);
  }
  Task<NetworkError> hidden = failure_of<NetworkError>(std::move(awaitable));
  co_return co_await std::move(hidden);
}

/// What every error promises: one line that says something.
inline void check_message(const Error& failure) {
  const std::string_view message = failure.what();
  CAPTURE(message);
  CHECK(message.size() > 10);
  CHECK(message.find_first_of("\r\n") == std::string_view::npos);
}

/// The failure's code and phase.
inline void check_failure(const Error& failure, ErrorCode code, Phase phase) {
  check_message(failure);
  CAPTURE(failure.what());
  CHECK(to_string(failure.code()) == to_string(code));
  CHECK(to_string(failure.phase()) == to_string(phase));
}

/// The same, and whether the server cannot have acted on the request.
inline void check_failure(const Error& failure, ErrorCode code, Phase phase, bool retryable) {
  check_failure(failure, code, phase);
  CAPTURE(failure.what());
  CHECK(failure.retryable() == retryable);
}

/// The same for what `network_failure_of` gives.
inline void check_network_failure(const RequestError& failure, ErrorCode code, Phase phase,
                                  bool retryable) {
  if (capabilities().network_error_detail) {
    check_failure(failure, code, phase, retryable);
  } else {
    check_message(failure);
    CHECK(to_string(failure.code()) == to_string(ErrorCode::network));
  }
}

}  // namespace reqivo::test
