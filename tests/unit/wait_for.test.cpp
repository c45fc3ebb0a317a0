#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <string>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/run_test.hpp"

namespace reqivo::test {
namespace {

using std::chrono::milliseconds;

Task<int> value_after(Duration pause, int value) {
  co_await sleep(pause);
  co_return value;
}

TEST_CASE("wait_for gives the value of what finishes in time, and removes its timer",
          "[kit][wait_for]") {
  const ManualTime time;
  CHECK(run(wait_for(value_after(milliseconds(5), 3), milliseconds(6))) == 3);
  CHECK(time.passed() == milliseconds(5));
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("wait_for throws what its task throws", "[kit][wait_for]") {
  const ManualTime time;
  CHECK_THROWS_AS(run(wait_for(fail_with("bad"), milliseconds(6))), std::runtime_error);
  auto late = []() -> Task<void> {
    co_await sleep(milliseconds(1));
    throw std::out_of_range("late");
  };
  CHECK_THROWS_AS(run(wait_for(late(), milliseconds(6))), std::out_of_range);
}

TEST_CASE("wait_for cancels what it waits for before it throws that time is up",
          "[kit][wait_for]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    std::string message;
    try {
      co_await wait_for(hold(&gate, &destroyed), milliseconds(250));
    } catch (const WaitTimeoutError& error) {
      CHECK(destroyed == 1);
      CHECK(gate.waiting() == 0);
      CHECK(error.code() == ErrorCode::wait_timeout);
      message = error.what();
    }
    CHECK(message == "wait_for gave up after 250 ms");
  });
  CHECK(time.passed() == milliseconds(250));
}

TEST_CASE("wait_for takes a handle by its name, and cancels its task when time is up",
          "[kit][wait_for]") {
  ManualTime time;
  run_test([]() -> Task<void> {
    JoinHandle<int> quick = create_task(value_after(milliseconds(5), 3));
    const int value = co_await wait_for(quick, milliseconds(6));
    CHECK(value == 3);
    CHECK(quick.done());

    Gate gate;
    int destroyed = 0;
    JoinHandle<void> slow = create_task(hold(&gate, &destroyed));
    bool timed_out = false;
    try {
      co_await wait_for(slow, milliseconds(6));
    } catch (const WaitTimeoutError&) {
      timed_out = true;
      CHECK(destroyed == 1);
      CHECK(slow.done());
    }
    CHECK(timed_out);
  });
  CHECK(time.passed() == milliseconds(11));
}

TEST_CASE("a wait for a named handle that is dropped takes its task along, once it has begun",
          "[kit][wait_for]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  JoinHandle<void> slow = create_task(hold(&gate, &destroyed));
  { const Task<void> not_begun = wait_for(slow, milliseconds(6)); }
  CHECK_FALSE(slow.done());
  { const JoinHandle<void> begun = create_task(wait_for(slow, milliseconds(6))); }
  CHECK(slow.done());
  CHECK(destroyed == 1);
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("a limit of zero or less lets through only what finishes at once", "[kit][wait_for]") {
  for (const auto limit : {milliseconds(0), milliseconds(-1), milliseconds::min()}) {
    const ManualTime time;
    CHECK(run(wait_for(value_of(1), limit)) == 1);
    Gate gate;
    int destroyed = 0;
    CHECK_THROWS_AS(run(wait_for(hold(&gate, &destroyed), limit)), WaitTimeoutError);
    CHECK(destroyed == 1);
    CHECK(time.passed() == milliseconds(0));
  }
}

TEST_CASE("what has finished when the limit is looked at has finished in time", "[kit][wait_for]") {
  const ManualTime time;
  // Its timer was set first, so that it goes on first.
  CHECK_NOTHROW(run(wait_for(sleep(milliseconds(5)), milliseconds(5))));
}

TEST_CASE("of nested limits the shorter one counts", "[kit][wait_for]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    auto inner_first = [](Gate* at, int* count) -> Task<bool> {
      co_return co_await fails<WaitTimeoutError>(wait_for(hold(at, count), milliseconds(1)));
    };
    const bool inner = co_await wait_for(inner_first(&gate, &destroyed), milliseconds(100));
    CHECK(inner);
    auto outer_first =
        wait_for(wait_for(hold(&gate, &destroyed), milliseconds(100)), milliseconds(1));
    const bool outer = co_await fails<WaitTimeoutError>(std::move(outer_first));
    CHECK(outer);
    CHECK(destroyed == 2);
  });
  CHECK(time.passed() == milliseconds(2));
}

TEST_CASE("nested limits that end together throw one error", "[kit][wait_for]") {
  const ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto nested = wait_for(wait_for(hold(&gate, &destroyed), milliseconds(5)), milliseconds(5));
  CHECK_THROWS_AS(run(std::move(nested)), WaitTimeoutError);
  CHECK(destroyed == 1);
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("a huge limit never runs out", "[kit][wait_for]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  const auto forever = create_task(wait_for(hold(&gate, &destroyed), std::chrono::hours::max()));
  const auto endless =
      create_task(wait_for(hold(&gate, &destroyed), std::chrono::duration<double>(1e300)));
  time.advance(std::chrono::years(100));
  CHECK_FALSE(forever.done());
  gate.open();
  time.settle();
  CHECK(forever.done());
  CHECK(endless.done());
}

TEST_CASE("the platform's own loop takes a huge limit and no limit at all", "[kit][wait_for]") {
  CHECK(run(wait_for(value_after(milliseconds(1), 4), std::chrono::hours::max())) == 4);
  CHECK(run(wait_for(value_after(milliseconds(1), 4), std::chrono::years(200))) == 4);
  Gate gate;
  int destroyed = 0;
  CHECK_THROWS_AS(run(wait_for(hold(&gate, &destroyed), milliseconds::min())), WaitTimeoutError);
}

TEST_CASE("cancelling a wait_for cancels what it waits for and removes its timer",
          "[kit][wait_for]") {
  const ManualTime time;
  Gate gate;
  int destroyed = 0;
  {
    const auto handle = create_task(wait_for(hold(&gate, &destroyed), milliseconds(1)));
    CHECK(time.has_timers());
  }
  CHECK(destroyed == 1);
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("wait_for takes handles, permits and a generator's next value", "[kit][wait_for]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    int destroyed = 0;
    Gate gate;
    auto on_handle = wait_for(create_task(hold(&gate, &destroyed)), milliseconds(1));
    const bool handle_late = co_await fails<WaitTimeoutError>(std::move(on_handle));
    CHECK(handle_late);
    CHECK(destroyed == 1);

    Semaphore semaphore(1);
    Permit permit = co_await wait_for(semaphore.acquire(), milliseconds(1));
    CHECK(permit);
    const bool full =
        co_await fails<WaitTimeoutError>(wait_for(semaphore.acquire(), milliseconds(1)));
    CHECK(full);
    permit.release();
    CHECK(semaphore.available() == 1);

    Generator<int> numbers = []() -> Generator<int> {
      co_yield 1;
      co_await sleep(milliseconds(10));
      co_yield 2;
    }();
    const auto first = co_await wait_for(numbers.next(), milliseconds(1));
    CHECK(first == 1);
    const bool late = co_await fails<WaitTimeoutError>(wait_for(numbers.next(), milliseconds(1)));
    CHECK(late);
    const auto second = co_await wait_for(numbers.next(), milliseconds(10));
    CHECK(second == 2);
  });
}

TEST_CASE("one million wait_for calls that finish at once use constant stack",
          "[kit][wait_for][stack]") {
  run_test([]() -> Task<void> {
    StackMeter stack;
    auto step = [](StackMeter* meter) -> Task<int> {
      meter->measure();
      co_return 1;
    };
    int sum = 0;
    for (int number = 0; number < one_million; ++number) {
      sum += co_await wait_for(step(&stack), std::chrono::seconds(1));
    }
    CHECK(sum == one_million);
    CHECK(stack.span() < constant_stack);
  });
}

}  // namespace
}  // namespace reqivo::test
