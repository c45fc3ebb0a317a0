#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/detail/result.hpp>
#include <string>

namespace reqivo::test {
namespace {

struct Foreign {};

template <class Failure>
std::exception_ptr thrown(Failure failure) {
  return std::make_exception_ptr(std::move(failure));
}

TEST_CASE("a result with a value gives it and no error", "[kit][result]") {
  Result<std::string> result(std::string("text"));
  CHECK(result.has_value());
  CHECK(static_cast<bool>(result));
  CHECK(result.value() == "text");
  CHECK(*result == "text");
  CHECK(result->size() == 4);
  CHECK(result.exception() == nullptr);
  CHECK_THROWS_AS(result.error(), std::logic_error);
  result.value() = "other";
  const Result<std::string> copy = result;
  CHECK(copy.value() == "other");
  CHECK(*copy == "other");
  CHECK(copy->size() == 5);
}

TEST_CASE("a result's value can be moved out", "[kit][result]") {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(5));
  const std::unique_ptr<int> number = std::move(result).value();
  CHECK(*number == 5);
  Result<std::unique_ptr<int>> again(std::make_unique<int>(6));
  CHECK(**std::move(again) == 6);
}

TEST_CASE("a result's value may be an exception", "[kit][result]") {
  const Result<std::exception_ptr> value(thrown(Foreign()));
  CHECK(value.has_value());
  CHECK_THROWS_AS(std::rethrow_exception(value.value()), Foreign);
  const Result<std::exception_ptr> failure{detail::KeptFailure(thrown(Foreign()))};
  CHECK_FALSE(failure.has_value());
  CHECK_THROWS_AS(failure.value(), Foreign);
}

TEST_CASE("a failed result that is moved from is a failed one still", "[kit][result]") {
  const auto check_both = [](auto result) {
    {
      const auto moved = std::move(result);
      CHECK_FALSE(moved.has_value());
    }
    // NOLINTBEGIN(bugprone-use-after-move)
    CHECK_FALSE(result.has_value());
    CHECK_THROWS_AS(result.value(), WaitTimeoutError);
    CHECK(std::string(result.error().what()) == "late");
    // NOLINTEND(bugprone-use-after-move)
  };
  const auto late = thrown(WaitTimeoutError(ErrorCode::wait_timeout, Phase::none, false, "late"));
  check_both(Result<int>(late));
  check_both(Result<void>(late));
  const std::exception_ptr none;
  CHECK_THROWS_AS(Result<int>(none), std::logic_error);
}

TEST_CASE("a failed result throws its exception with its own type", "[kit][result]") {
  const Result<int> result(
      thrown(WaitTimeoutError(ErrorCode::wait_timeout, Phase::none, false, "late")));
  CHECK_FALSE(result.has_value());
  CHECK_FALSE(static_cast<bool>(result));
  CHECK_THROWS_AS(result.value(), WaitTimeoutError);
  CHECK_THROWS_AS(*result, WaitTimeoutError);
  CHECK(result.exception() != nullptr);
  Result<int> named = result;
  CHECK_THROWS_AS(named.value(), WaitTimeoutError);
  CHECK_THROWS_AS(std::move(named).value(), WaitTimeoutError);
}

TEST_CASE("a failed result shows its Error, with its own type", "[kit][result]") {
  const Result<int> result(thrown(HttpStatusError(404, "not found", "GET", "http://host/")));
  CHECK(result.error().code() == ErrorCode::http_status);
  CHECK(std::string(result.error().what()) == "not found");
  const auto* status = dynamic_cast<const HttpStatusError*>(&result.error());
  REQUIRE(status != nullptr);
  CHECK(status->status_code() == 404);
}

TEST_CASE("a foreign exception is shown as an Error with code other, and thrown as itself",
          "[kit][result]") {
  const Result<int> standard(thrown(std::runtime_error("disk full")));
  CHECK(standard.error().code() == ErrorCode::other);
  CHECK(std::string(standard.error().what()) == "disk full");
  CHECK_THROWS_AS(standard.value(), std::runtime_error);
  CHECK_FALSE(standard.error().retryable());
  const Result<int> strange(thrown(Foreign()));
  CHECK(strange.error().code() == ErrorCode::other);
  CHECK(std::string(strange.error().what()) == "not a std::exception");
  CHECK_THROWS_AS(strange.value(), Foreign);
}

TEST_CASE("a result's error lives as long as any copy of the result", "[kit][result]") {
  Result<int> copy(1);
  {
    const Result<int> result(thrown(std::runtime_error("kept")));
    copy = result;
  }
  CHECK(std::string(copy.error().what()) == "kept");
  const Result<int> moved = std::move(copy);
  CHECK(std::string(moved.error().what()) == "kept");
}

TEST_CASE("a result of nothing is a success or a failure", "[kit][result]") {
  const Result<void> good;
  CHECK(good.has_value());
  CHECK(static_cast<bool>(good));
  CHECK_NOTHROW(good.value());
  CHECK(good.exception() == nullptr);
  CHECK_THROWS_AS(good.error(), std::logic_error);
  const Result<void> bad(thrown(std::runtime_error("bad")));
  CHECK_FALSE(bad.has_value());
  CHECK_FALSE(static_cast<bool>(bad));
  CHECK_THROWS_AS(bad.value(), std::runtime_error);
  CHECK(bad.exception() != nullptr);
  CHECK(std::string(bad.error().what()) == "bad");
}

}  // namespace
}  // namespace reqivo::test
