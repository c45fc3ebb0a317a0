#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <ratio>
#include <reqivo/async.hpp>
#include <reqivo/detail/duration.hpp>
#include <reqivo/detail/timer.hpp>

namespace a_program {
using namespace reqivo;
// POSIX has a sleep of whole seconds, which would block the loop.
template <class Wait>
concept CanSleep = requires(Wait wait) {
  sleep(wait);
};
static_assert(CanSleep<std::chrono::seconds> && !CanSleep<int> && !CanSleep<long>);
}  // namespace a_program

namespace reqivo::test {
namespace {

using std::chrono::nanoseconds;
constexpr nanoseconds longest = nanoseconds::max();

TEST_CASE("any chrono duration is held in nanoseconds", "[kit][duration]") {
  CHECK(Duration(std::chrono::seconds(3)).nanoseconds() == nanoseconds(3'000'000'000));
  CHECK(Duration(std::chrono::milliseconds(250)).nanoseconds() == nanoseconds(250'000'000));
  CHECK(Duration(std::chrono::duration<double>(0.5)).nanoseconds() == nanoseconds(500'000'000));
  CHECK(Duration(std::chrono::hours(-1)).nanoseconds() == nanoseconds(-3'600'000'000'000));
  CHECK(Duration(nanoseconds(9'100'000'000'000'000'001)).nanoseconds() ==
        nanoseconds(9'100'000'000'000'000'001));
  CHECK(Duration(std::chrono::seconds(1)) == Duration(std::chrono::milliseconds(1000)));
}

TEST_CASE("a duration in parts of a second that nanoseconds do not divide stays exact",
          "[kit][duration]") {
  using Sixtieths = std::chrono::duration<long long, std::ratio<1, 60>>;
  CHECK(Duration(Sixtieths(1)).nanoseconds() == nanoseconds(16'666'666));
  CHECK(Duration(Sixtieths(-90)).nanoseconds() == nanoseconds(-1'500'000'000));
  CHECK(Duration(Sixtieths(400'000'000'001)).nanoseconds() ==
        nanoseconds(6'666'666'666'683'333'333));
  CHECK(Duration(Sixtieths::max()).nanoseconds() == longest);
  using Thirds = std::chrono::duration<unsigned, std::ratio<1, 3>>;
  CHECK(Duration(Thirds(4)).nanoseconds() == nanoseconds(1'333'333'333));
  constexpr Duration at_compile_time = std::chrono::duration<int, std::ratio<1, 30>>(15);
  CHECK(at_compile_time.nanoseconds() == nanoseconds(500'000'000));
}

TEST_CASE("a duration too long for nanoseconds is the longest there is", "[kit][duration]") {
  CHECK(Duration(std::chrono::hours::max()).nanoseconds() == longest);
  CHECK(Duration(std::chrono::seconds::max()).nanoseconds() == longest);
  CHECK(Duration(std::chrono::years(300)).nanoseconds() == longest);
  CHECK(Duration(std::chrono::years(-300)).nanoseconds() == nanoseconds::min());
  CHECK(Duration(std::chrono::seconds::min()).nanoseconds() == nanoseconds::min());
  CHECK(Duration(nanoseconds::max()).nanoseconds() == longest);
  CHECK(Duration(std::chrono::duration<double>(1e300)).nanoseconds() == longest);
  CHECK(Duration(std::chrono::duration<double>(std::numeric_limits<double>::infinity()))
            .nanoseconds() == longest);
}

TEST_CASE("a duration that is not a number is the longest there is", "[kit][duration]") {
  const std::chrono::duration<double> nothing(std::numeric_limits<double>::quiet_NaN());
  CHECK(Duration(nothing).nanoseconds() == longest);
}

TEST_CASE("adding a duration to a point in time stops at both ends of time", "[kit][duration]") {
  const detail::TimePoint now(std::chrono::hours(1));
  CHECK(detail::saturating_add(now, std::chrono::seconds(1)) == now + std::chrono::seconds(1));
  CHECK(detail::saturating_add(now, std::chrono::seconds(-1)) == now - std::chrono::seconds(1));
  CHECK(detail::saturating_add(now, std::chrono::hours::max()) == detail::TimePoint::max());
  CHECK(detail::saturating_add(detail::TimePoint::max(), nanoseconds(1)) ==
        detail::TimePoint::max());
  CHECK(detail::saturating_add(now, std::chrono::hours::min()) < now);
  CHECK(detail::saturating_add(detail::TimePoint::min(), nanoseconds(-1)) ==
        detail::TimePoint::min());
  CHECK(detail::saturating_add(-now.time_since_epoch() + detail::TimePoint(), nanoseconds::min()) ==
        detail::TimePoint::min());
  CHECK(detail::saturating_add(detail::TimePoint::min(), nanoseconds::max()) < detail::TimePoint());
}

}  // namespace
}  // namespace reqivo::test
