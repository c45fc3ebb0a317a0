#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/async.hpp>
#include <string>
#include <vector>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/run_test.hpp"

namespace reqivo::test {
namespace {

Task<int> fail_if_odd(int number) {
  if (number % 2 != 0) throw std::runtime_error("odd " + std::to_string(number));
  co_return number;
}

Task<int> fail_later_if_odd(int number) {
  co_await sleep(std::chrono::milliseconds(1));
  if (number % 2 != 0) throw std::runtime_error("odd " + std::to_string(number));
  co_return number;
}

// First of all: some toolchains skip this catch or hang (LLVM issues 208409, 217723).
TEST_CASE("a catch around a throwing co_await in a loop catches every time", "[kit][task]") {
  ManualTime time;
  run_test([]() -> Task<void> {
    int caught = 0;
    int sum = 0;
    for (int number = 0; number < 10; ++number) {
      try {
        sum += co_await fail_if_odd(number);
        sum += co_await fail_later_if_odd(number);
      } catch (const std::runtime_error& error) {
        CHECK(error.what() == "odd " + std::to_string(number));
        ++caught;
      }
    }
    CHECK(caught == 5);
    CHECK(sum == 40);
    for (int number = 1; number < 20; number += 2) {
      try {
        co_await fail_later_if_odd(number);
      } catch (const std::runtime_error&) {
        ++caught;
      }
    }
    CHECK(caught == 15);
  });
}

Task<int> note_start(bool* started) {
  *started = true;
  co_return 7;
}

TEST_CASE("a task does not run before it is awaited", "[kit][task]") {
  run_test([]() -> Task<void> {
    bool started = false;
    Task<int> task = note_start(&started);
    CHECK_FALSE(started);
    const int value = co_await std::move(task);
    CHECK(started);
    CHECK(value == 7);
  });
}

TEST_CASE("a task that is never awaited never runs and its arguments are destroyed",
          "[kit][task]") {
  int destroyed = 0;
  bool ran = false;
  {
    const auto task = [](Witness, bool* flag) -> Task<void> {
      *flag = true;
      co_return;
    }(Witness(&destroyed), &ran);
    CHECK(destroyed == 0);
  }
  CHECK(destroyed == 1);
  CHECK_FALSE(ran);
}

static_assert(!std::is_copy_constructible_v<Task<int>> && !std::is_copy_assignable_v<Task<int>>);
static_assert(std::is_nothrow_move_constructible_v<Task<int>> &&
              std::is_nothrow_move_assignable_v<Task<int>>);
static_assert(Awaitable<Task<int>> && Awaitable<Task<>> && !Awaitable<int>);

TEST_CASE("moving a task moves the coroutine", "[kit][task]") {
  run_test([]() -> Task<void> {
    Task<int> first = value_of(1);
    Task<int> second = std::move(first);
    CHECK(second);
    CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that is what is tested
    const int value = co_await std::move(second);
    CHECK(value == 1);
  });
}

TEST_CASE("assigning to a task cancels what it held", "[kit][task]") {
  int destroyed = 0;
  auto body = [](Witness) -> Task<void> { co_return; };
  Task<void> task = body(Witness(&destroyed));
  task = body(Witness(&destroyed));
  CHECK(destroyed == 1);
  CHECK(task);
  task = Task<void>();
  CHECK(destroyed == 2);
  CHECK_FALSE(task);
}

TEST_CASE("a task assigned to itself keeps its coroutine", "[kit][task]") {
  run_test([]() -> Task<void> {
    Task<int> task = value_of(6);
    Task<int>& same = task;  // compilers warn where it is plain to see
    task = std::move(same);
    const int six = co_await std::move(task);
    CHECK(six == 6);
  });
}

TEST_CASE("a task is awaited once: again is a logic_error", "[kit][task]") {
  run_test([]() -> Task<void> {
    Task<int> task = value_of(1);
    co_await std::move(task);
    int refused = 0;
    try {
      co_await std::move(task);  // NOLINT(bugprone-use-after-move): that is what is tested
    } catch (const std::logic_error&) {
      ++refused;
    }
    try {
      co_await Task<int>();
    } catch (const std::logic_error&) {
      ++refused;
    }
    CHECK(refused == 2);
    const bool started =
        co_await fails<std::logic_error>(wait_for(Task<int>(), std::chrono::seconds(1)));
    CHECK(started);
  });
  CHECK_THROWS_AS(create_task(Task<int>()), std::logic_error);
  CHECK_THROWS_AS(run(Task<int>()), std::logic_error);
}

TEST_CASE("a task with a name is taken over by whoever awaits it", "[kit][task]") {
  run_test([]() -> Task<void> {
    Task<int> awaited = value_of(1);
    const int one = co_await awaited;
    CHECK(one == 1);
    CHECK_FALSE(awaited);
    const bool again = co_await fails<std::logic_error>(std::move(awaited));
    CHECK(again);
    Task<int> first = value_of(2);
    Task<int> second = value_of(3);
    auto [two, three] = co_await gather(first, second);
    CHECK(two == 2);
    CHECK(three == 3);
    Task<int> waited = value_of(4);
    const int four = co_await wait_for(waited, std::chrono::seconds(1));
    CHECK(four == 4);
    Task<int> started = value_of(5);
    auto handle = create_task(started);
    const int five = co_await handle;
    CHECK(five == 5);
    CHECK_FALSE(started);
  });
}

TEST_CASE("a task gives values that can only be moved, and converts what co_return is given",
          "[kit][task]") {
  run_test([]() -> Task<void> {
    auto number =
        co_await []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(3); }();
    CHECK(*number == 3);
    const std::string text = co_await []() -> Task<std::string> { co_return "text"; }();
    CHECK(text == "text");
    auto empty = []() -> Task<std::vector<int>> { co_return {}; };
    const std::vector<int> none = co_await empty();
    CHECK(none.empty());
  });
}

TEST_CASE("an exception of any type reaches the awaiter as it was thrown", "[kit][task]") {
  run_test([]() -> Task<void> {
    int seen = 0;
    try {
      co_await []() -> Task<void> {
        throw 42;
        co_return;
      }();
    } catch (int number) {
      seen = number;
    }
    CHECK(seen == 42);
  });
}

TEST_CASE("a finished task's locals are gone before its awaiter goes on", "[kit][task]") {
  run_test([]() -> Task<void> {
    int destroyed = 0;
    Gate gate;
    gate.open();
    co_await hold(&gate, &destroyed);
    CHECK(destroyed == 1);
  });
}

Task<void> held_below(Gate* gate, int* destroyed, int levels) {
  const Witness witness(destroyed);
  if (levels == 0) {
    co_await hold(gate, destroyed);
  } else {
    co_await held_below(gate, destroyed, levels - 1);
  }
}

TEST_CASE("destroying a task destroys all that it awaits, and none of it runs again",
          "[kit][task]") {
  const ManualTime time;
  int destroyed = 0;
  Gate gate;
  {
    const JoinHandle<void> handle = create_task(held_below(&gate, &destroyed, 3));
    CHECK(gate.waiting() == 1);
    CHECK(destroyed == 0);
  }
  CHECK(destroyed == 5);
  CHECK(gate.waiting() == 0);
}

TEST_CASE("a task that was woken and then destroyed does not run", "[kit][task]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  bool resumed = false;
  auto body = [](Gate* at, int* count, bool* flag) -> Task<void> {
    co_await hold(at, count);
    *flag = true;
  };
  JoinHandle<void> woken = create_task(body(&gate, &destroyed, &resumed));
  JoinHandle<void> other = create_task(hold(&gate, &destroyed));
  gate.open();
  woken.cancel();
  CHECK(destroyed == 1);
  time.settle();
  CHECK_FALSE(resumed);
  CHECK(other.done());
}

TEST_CASE("a sleeping task that is destroyed leaves no timer behind", "[kit][task]") {
  const ManualTime time;
  {
    const JoinHandle<void> sleeper = create_task(sleep(std::chrono::hours(1)));
    CHECK(time.has_timers());
  }
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("sleep waits as long as it is told", "[kit][sleep]") {
  ManualTime time;
  const JoinHandle<void> sleeper = create_task(sleep(std::chrono::milliseconds(20)));
  time.advance(std::chrono::nanoseconds(19'999'999));
  CHECK_FALSE(sleeper.done());
  time.advance(std::chrono::nanoseconds(1));
  CHECK(sleeper.done());
}

Task<void> note_turn(std::string* order, char name, Duration pause) {
  co_await sleep(pause);
  order->push_back(name);
}

TEST_CASE("a sleep of zero or less lets other ready work go first", "[kit][sleep]") {
  for (const auto pause :
       {std::chrono::seconds(0), std::chrono::seconds(-5), std::chrono::seconds::min()}) {
    ManualTime time;
    std::string order;
    Gate gate;
    auto at_gate = [](Gate* at, std::string* into) -> Task<void> {
      co_await at->wait();
      into->push_back('b');
    };
    const JoinHandle<void> waiting = create_task(at_gate(&gate, &order));
    gate.open();
    const JoinHandle<void> sleeper = create_task(note_turn(&order, 's', pause));
    CHECK(order.empty());
    time.settle();
    CHECK(order == "bs");
    CHECK(time.passed() == std::chrono::nanoseconds(0));
  }
}

TEST_CASE("sleepers wake in the order of their times, and of their calls at the same time",
          "[kit][sleep]") {
  ManualTime time;
  std::string order;
  std::vector<JoinHandle<void>> sleepers;
  for (const char name : std::string("cabdefghij")) {
    const int pause = name <= 'c' ? name - 'a' : 3;
    sleepers.push_back(create_task(note_turn(&order, name, std::chrono::milliseconds(pause))));
  }
  time.advance(std::chrono::seconds(1));
  CHECK(order == "abcdefghij");
}

TEST_CASE("one million awaits of tasks that finish at once use constant stack",
          "[kit][task][stack]") {
  run_test([]() -> Task<void> {
    StackMeter stack;
    auto step = [](StackMeter* meter) -> Task<int> {
      meter->measure();
      co_return 1;
    };
    int sum = 0;
    for (int number = 0; number < one_million; ++number) {
      sum += co_await step(&stack);
      stack.measure();
    }
    CHECK(sum == one_million);
    CHECK(stack.span() < constant_stack);
  });
}

TEST_CASE("one million wake-ups use constant stack", "[kit][task][stack]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    StackMeter stack;
    for (int number = 0; number < one_million; ++number) {
      co_await sleep(std::chrono::seconds(0));
      stack.measure();
    }
    CHECK(stack.span() < constant_stack);
  });
}

TEST_CASE("many tasks woken at one time are resumed one after another in constant stack",
          "[kit][task][stack]") {
  ManualTime time;
  StackMeter stack;
  Gate gate;
  auto body = [](Gate* at, StackMeter* meter) -> Task<void> {
    co_await at->wait();
    meter->measure();
  };
  std::vector<Task<void>> tasks;
  for (int number = 0; number < 100'000; ++number) tasks.push_back(body(&gate, &stack));
  JoinHandle<void> all = create_task(gather(std::move(tasks)));
  CHECK(gate.waiting() == 100'000);
  gate.open();
  time.settle();
  CHECK(all.done());
  CHECK(stack.span() < constant_stack);
}

}  // namespace
}  // namespace reqivo::test
