// Outcomes that a test expects to be the one or the other: else it fails there, and reads nothing.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <utility>

#include "platform/failure.hpp"

namespace reqivo::test {

template <class T>
T value_of(detail::Outcome<T> outcome) {
  if (!outcome.ok()) FAIL(outcome.failure().what);
  return std::move(outcome).value();
}

template <class T>
detail::Failure failure_of(detail::Outcome<T> outcome) {
  REQUIRE_FALSE(outcome.ok());
  return std::move(outcome).failure();
}

}  // namespace reqivo::test
