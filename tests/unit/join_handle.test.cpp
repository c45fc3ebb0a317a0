#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/async.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/run_test.hpp"
#include "support/unhandled.hpp"

namespace reqivo::test {
namespace {

using std::chrono::milliseconds;

Task<int> gated_failure(Gate* gate, std::string text) {
  co_await gate->wait();
  throw std::runtime_error(text);
}

// A vector of them moves as it grows, and nothing is started or owned twice.
static_assert(!std::is_copy_constructible_v<JoinHandle<int>> &&
              !std::is_copy_assignable_v<JoinHandle<int>>);
static_assert(std::is_nothrow_move_constructible_v<JoinHandle<int>> &&
              std::is_nothrow_move_assignable_v<JoinHandle<int>>);

TEST_CASE("create_task starts its task now, up to its first wait", "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  const JoinHandle<void> handle = create_task(hold(&gate, &destroyed));
  CHECK(gate.waiting() == 1);
  CHECK_FALSE(handle.done());
  gate.open();
  CHECK_FALSE(handle.done());
  time.settle();
  CHECK(handle.done());
  CHECK(destroyed == 1);
}

TEST_CASE("a handle gives its task's value or exception, whether it ended before or ends later",
          "[kit][join_handle]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    JoinHandle<std::string> ended = create_task(value_of(std::string("ended")));
    CHECK(ended.done());
    const std::string value = co_await ended;
    CHECK(value == "ended");
    auto later = []() -> Task<std::unique_ptr<int>> {
      co_await sleep(milliseconds(1));
      co_return std::make_unique<int>(5);
    };
    const std::unique_ptr<int> number = co_await create_task(later());
    CHECK(*number == 5);

    JoinHandle<int> failed = create_task(fail_with("failed at once"));
    std::string outcome;
    co_await note_outcome(&failed, &outcome);
    CHECK(outcome == "failed at once");
    Gate gate;
    JoinHandle<int> failing = create_task(gated_failure(&gate, "failed later"));
    const JoinHandle<void> opener = create_task([](Gate* at) -> Task<void> {
      co_await sleep(milliseconds(1));
      at->open();
    }(&gate));
    co_await note_outcome(&failing, &outcome);
    CHECK(outcome == "failed later");
  });
}

TEST_CASE("a handle awaited twice is a logic_error, and so is an empty one", "[kit][join_handle]") {
  run_test([]() -> Task<void> {
    JoinHandle<int> handle = create_task(value_of(1));
    co_await handle;
    auto join = [](JoinHandle<int>* joined) -> Task<int> { co_return co_await *joined; };
    const bool twice = co_await fails<std::logic_error>(join(&handle));
    CHECK(twice);
    JoinHandle<int> none;
    CHECK(none.done());
    none.cancel();
    none.detach();
    const bool empty = co_await fails<std::logic_error>(join(&none));
    CHECK(empty);
    JoinHandle<int> moved = std::move(handle);
    const bool still = co_await fails<std::logic_error>(join(&moved));
    CHECK(still);
  });
}

TEST_CASE("a handle refuses a second waiter while one waits", "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  std::string first;
  std::string second;
  JoinHandle<void> handle = create_task(hold(&gate, &destroyed));
  const JoinHandle<void> waiter = create_task(note_outcome(&handle, &first));
  const JoinHandle<void> refused = create_task(note_outcome(&handle, &second));
  CHECK(refused.done());
  CHECK(second == "reqivo: a JoinHandle can be awaited once only");
  gate.open();
  time.settle();
  CHECK(first == "value");  // the one that was refused has not taken its place
}

TEST_CASE("a wait for a handle that has a name is given away to who awaits it",
          "[kit][join_handle]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    JoinHandle<void> handle = create_task(hold(&gate, &destroyed));
    {
      auto named = handle.operator co_await();
      JoinHandle<void> waiting = create_task(named);
      CHECK_THROWS_AS(co_await named, std::logic_error);
      // Neither this nor the end of the name gives up a wait that is another's by now.
      handle.detach();
      gate.open();
      co_await waiting;
    }
    CHECK(destroyed == 1);
  });
}

TEST_CASE("a handle assigned to itself keeps its task", "[kit][join_handle]") {
  run_test([]() -> Task<void> {
    JoinHandle<int> handle = create_task(value_of(4));
    JoinHandle<int>& same = handle;  // compilers warn where it is plain to see
    handle = std::move(same);
    const int four = co_await handle;
    CHECK(four == 4);
  });
}

TEST_CASE("dropping a handle cancels its task at once", "[kit][join_handle]") {
  const ManualTime time;
  Gate gate;
  int destroyed = 0;
  JoinHandle<void> handle = create_task(hold(&gate, &destroyed));
  handle = JoinHandle<void>();
  CHECK(destroyed == 1);
  CHECK(gate.waiting() == 0);
}

TEST_CASE("cancel destroys the task at once, and again has no effect", "[kit][join_handle]") {
  const ManualTime time;
  Gate gate;
  int destroyed = 0;
  JoinHandle<void> handle = create_task(hold(&gate, &destroyed));
  handle.cancel();
  CHECK(destroyed == 1);
  CHECK(handle.done());
  handle.cancel();
  handle.detach();
  CHECK(destroyed == 1);
}

TEST_CASE("cancelling a task that is done keeps its value", "[kit][join_handle]") {
  run_test([]() -> Task<void> {
    JoinHandle<int> handle = create_task(value_of(4));
    handle.cancel();
    const int value = co_await handle;
    CHECK(value == 4);
  });
}

TEST_CASE("awaiting a cancelled task is an Error with code cancelled", "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  std::string before;
  std::string meanwhile;
  JoinHandle<void> first = create_task(hold(&gate, &destroyed));
  first.cancel();
  const JoinHandle<void> late = create_task(note_outcome(&first, &before));
  JoinHandle<void> second = create_task(hold(&gate, &destroyed));
  const JoinHandle<void> waiter = create_task(note_outcome(&second, &meanwhile));
  second.cancel();
  CHECK(before == "cancelled");
  CHECK(meanwhile.empty());  // it is resumed from the loop
  time.settle();
  CHECK(meanwhile == "cancelled");
}

TEST_CASE("whoever awaits a handle that is dropped meanwhile gets cancelled",
          "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  std::string outcome;
  auto handle = std::make_unique<JoinHandle<void>>(create_task(hold(&gate, &destroyed)));
  const JoinHandle<void> waiter = create_task(note_outcome(handle.get(), &outcome));
  handle.reset();
  CHECK(destroyed == 1);
  time.settle();
  CHECK(outcome == "cancelled");
}

TEST_CASE("a handle dropped after its task ended still gives the waiter the outcome",
          "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  std::string outcome;
  auto body = [](Gate* at) -> Task<std::string> {
    co_await at->wait();
    co_return "text";
  };
  auto handle = std::make_unique<JoinHandle<std::string>>(create_task(body(&gate)));
  auto dropper = [](Gate* at, std::unique_ptr<JoinHandle<std::string>>* owner) -> Task<void> {
    co_await at->wait();
    owner->reset();
  };
  const JoinHandle<void> waiter = create_task(note_outcome(handle.get(), &outcome));
  const JoinHandle<void> last = create_task(dropper(&gate, &handle));
  gate.open();  // the task ends and wakes the waiter, and before that goes on the handle is dropped
  time.settle();
  CHECK(handle == nullptr);
  CHECK(outcome == "value");
}

TEST_CASE("a handle detached while it is awaited still gives the waiter the outcome",
          "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  std::string outcome;
  JoinHandle<void> handle = create_task(hold(&gate, &destroyed));
  const JoinHandle<void> waiter = create_task(note_outcome(&handle, &outcome));
  handle.detach();
  gate.open();
  time.settle();
  CHECK(outcome == "value");
}

TEST_CASE("a waiter that is destroyed leaves the task running", "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  std::string outcome;
  JoinHandle<void> handle = create_task(hold(&gate, &destroyed));
  { const JoinHandle<void> waiter = create_task(note_outcome(&handle, &outcome)); }
  CHECK(destroyed == 0);
  handle.detach();
  { const JoinHandle<void> other = create_task(hold(&gate, &destroyed)); }
  CHECK(destroyed == 1);
  gate.open();
  time.settle();
  CHECK(destroyed == 2);
  CHECK(outcome.empty());
}

TEST_CASE("what a cancelled waiter did not get is there for the next, or reported",
          "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  std::string outcome;
  JoinHandle<int> joined = create_task(gated_failure(&gate, "joined"));
  { const JoinHandle<void> waiter = create_task(note_outcome(&joined, &outcome)); }
  const JoinHandle<void> next = create_task(note_outcome(&joined, &outcome));
  const UnhandledExceptions unhandled;
  JoinHandle<int> detached = create_task(gated_failure(&gate, "detached"));
  std::string none;
  { const JoinHandle<void> waiter = create_task(note_outcome(&detached, &none)); }
  detached.detach();
  gate.open();
  time.settle();
  CHECK(outcome == "joined");
  CHECK(unhandled.texts() == std::vector<std::string>{"detached"});
}

TEST_CASE("what a joined task holds is let go of when it is joined", "[kit][join_handle]") {
  run_test([]() -> Task<void> {
    int destroyed = 0;
    const auto holding = [](Witness, bool fails) -> Task<int> {
      if (fails) throw std::runtime_error("joined");
      co_return 7;
    };
    JoinHandle<int> handle = create_task(holding(Witness(&destroyed), false));
    CHECK(destroyed == 0);
    const int value = co_await handle;
    CHECK(value == 7);
    CHECK(destroyed == 1);
    JoinHandle<int> failing = create_task(holding(Witness(&destroyed), true));
    CHECK_THROWS_AS(co_await failing, std::runtime_error);
    CHECK(destroyed == 2);
  });
}

TEST_CASE("one million jobs, each after the one before, use constant stack",
          "[kit][join_handle][stack]") {
  run_test([]() -> Task<void> {
    const auto job_after = [](JoinHandle<void> previous) -> Task<void> {
      if (!previous.done()) FAIL_CHECK("all of them finish at once");
      co_await previous;
    };
    const auto first = []() -> Task<void> { co_return; };
    JoinHandle<void> last = create_task(first());
    for (int number = 0; number < one_million; ++number) {
      last = create_task(job_after(std::move(last)));
    }
    co_await last;
  });
}

TEST_CASE("dropping the last of many jobs, each with the handle of the one before, drops them all",
          "[kit][join_handle][stack]") {
  run_test([]() -> Task<void> {
    const auto waiting = [](JoinHandle<void> previous, int* destroyed) -> Task<void> {
      const Witness witness(destroyed);
      if (previous.done()) co_await sleep(std::chrono::hours(1));
      co_await previous;
    };
    const auto finished = [](JoinHandle<void>, Witness) -> Task<void> { co_return; };
    const auto drop_many = [&](bool wait, int many, int* destroyed) {
      JoinHandle<void> last;
      for (int number = 0; number < many; ++number) {
        last = wait ? create_task(waiting(std::move(last), destroyed))
                    : create_task(finished(std::move(last), Witness(destroyed)));
      }
      CHECK(*destroyed == 0);
    };
    constexpr int nested = 300;
    constexpr int many = 100'000;
    for (const bool wait : {true, false}) {
      int at_once = 0;
      drop_many(wait, nested, &at_once);
      CHECK(at_once == nested);
      int soon = 0;
      drop_many(wait, many, &soon);
      CHECK(soon >= nested);
      co_await sleep(milliseconds(0));
      CHECK(soon == many);
    }
  });
}

TEST_CASE("an expression may replace the handle that it awaits", "[kit][join_handle]") {
  run_test([]() -> Task<void> {
    int destroyed = 0;
    const auto plus_one = [](int number, int* count) -> Task<int> {
      const Witness witness(count);
      co_return number + 1;
    };
    JoinHandle<int> handle = create_task(plus_one(1, &destroyed));
    handle = create_task(plus_one(co_await handle, &destroyed));
    CHECK(destroyed == 2);
    const int three = co_await handle;
    CHECK(three == 3);

    JoinHandle<int> cancelled = create_task(plus_one(1, &destroyed));
    const auto replace = [](JoinHandle<int>* to, int, Task<int> by) -> Task<void> {
      *to = create_task(std::move(by));
      co_return;
    };
    co_await replace(&cancelled, co_await cancelled, plus_one(5, &destroyed));
    const int six = co_await cancelled;
    CHECK(six == 6);
  });
}

TEST_CASE("one million tasks created and joined at once use constant stack",
          "[kit][join_handle][stack]") {
  run_test([]() -> Task<void> {
    StackMeter stack;
    auto step = [](StackMeter* meter) -> Task<int> {
      meter->measure();
      co_return 1;
    };
    int sum = 0;
    for (int number = 0; number < one_million; ++number) {
      JoinHandle<int> handle = create_task(step(&stack));
      sum += co_await handle;
    }
    CHECK(sum == one_million);
    CHECK(stack.span() < constant_stack);
  });
}

}  // namespace
}  // namespace reqivo::test
