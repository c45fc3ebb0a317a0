#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/async.hpp>
#include <string>
#include <type_traits>
#include <utility>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/run_test.hpp"

namespace reqivo::test {
namespace {

using std::chrono::milliseconds;

Generator<int> count_to(int last) {
  for (int number = 1; number <= last; ++number) co_yield number;
}

Generator<int> count_slowly(int last, int* destroyed) {
  const Witness witness(destroyed);
  for (int number = 1; number <= last; ++number) {
    co_await sleep(milliseconds(10));
    co_yield number;
  }
}

Task<int> sum_of(Generator<int> numbers) {
  int sum = 0;
  while (auto number = co_await numbers.next()) sum += *number;
  co_return sum;
}

/// Takes one value and writes it down; -1 for the end.
Task<void> take_one(Generator<int>* numbers, int* value) {
  const auto next = co_await numbers->next();
  *value = next.value_or(-1);
}

JoinHandle<void> take_one_behind(std::optional<int>, Generator<int>* from, int* to) {
  return create_task(take_one(from, to));
}

static_assert(!std::is_copy_constructible_v<Generator<int>> &&
              !std::is_copy_assignable_v<Generator<int>>);
static_assert(std::is_nothrow_move_constructible_v<Generator<int>> &&
              std::is_nothrow_move_assignable_v<Generator<int>>);

TEST_CASE("a generator gives its values in order and then nullopt, for ever", "[kit][generator]") {
  run_test([]() -> Task<void> {
    Generator<int> numbers = count_to(2);
    const auto one = co_await numbers.next();
    const auto two = co_await numbers.next();
    const auto end = co_await numbers.next();
    const auto still = co_await numbers.next();
    CHECK(one == 1);
    CHECK(two == 2);
    CHECK(end == std::nullopt);
    CHECK(still == std::nullopt);
  });
}

TEST_CASE("a generator does not run before its first value is asked for", "[kit][generator]") {
  run_test([]() -> Task<void> {
    bool started = false;
    auto body = [](bool* flag) -> Generator<int> {
      *flag = true;
      co_yield 1;
    };
    Generator<int> numbers = body(&started);
    CHECK_FALSE(started);
    static_cast<void>(co_await numbers.next());
    CHECK(started);
  });
}

TEST_CASE("a generator runs no further than the value that was asked for", "[kit][generator]") {
  run_test([]() -> Task<void> {
    int reached = 0;
    auto body = [](int* place) -> Generator<int> {
      for (int number = 1;; ++number) {
        *place = number;
        co_yield number;
      }
    };
    Generator<int> numbers = body(&reached);
    static_cast<void>(co_await numbers.next());
    CHECK(reached == 1);
    static_cast<void>(co_await numbers.next());
    CHECK(reached == 2);
  });
}

TEST_CASE("a generator of nothing has no value", "[kit][generator]") {
  run_test([]() -> Task<void> {
    Generator<int> none;
    const auto value = co_await none.next();
    CHECK(value == std::nullopt);
    const auto empty = co_await count_to(0).next();
    CHECK(empty == std::nullopt);
  });
}

TEST_CASE("a generator may wait between its values", "[kit][generator]") {
  const ManualTime time;
  int destroyed = 0;
  CHECK(run(sum_of(count_slowly(4, &destroyed))) == 10);
  CHECK(time.passed() == milliseconds(40));
  CHECK(destroyed == 1);
}

TEST_CASE("a generator hands out values that can only be moved", "[kit][generator]") {
  run_test([]() -> Task<void> {
    auto body = []() -> Generator<std::unique_ptr<int>> {
      co_yield std::make_unique<int>(5);
      auto other = std::make_unique<int>(6);
      co_yield std::move(other);
    };
    Generator<std::unique_ptr<int>> numbers = body();
    const auto five = co_await numbers.next();
    const auto six = co_await numbers.next();
    CHECK(**five == 5);
    CHECK(**six == 6);
  });
}

TEST_CASE("what leaves a generator's body is thrown once, and then it is at its end",
          "[kit][generator]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    auto body = [](bool pause) -> Generator<int> {
      co_yield 1;
      if (pause) co_await sleep(milliseconds(1));
      throw std::runtime_error("broken");
    };
    for (const bool pause : {false, true}) {
      Generator<int> numbers = body(pause);
      const auto one = co_await numbers.next();
      CHECK(one == 1);
      std::string failure;
      try {
        static_cast<void>(co_await numbers.next());
      } catch (const std::runtime_error& error) {
        failure = error.what();
      }
      CHECK(failure == "broken");
      const auto end = co_await numbers.next();
      CHECK(end == std::nullopt);
    }
  });
}

TEST_CASE("a generator moves, also between two values", "[kit][generator]") {
  run_test([]() -> Task<void> {
    Generator<int> numbers = count_to(3);
    static_cast<void>(co_await numbers.next());
    Generator<int> moved = std::move(numbers);
    const auto two = co_await moved.next();
    CHECK(two == 2);
    const auto none = co_await numbers.next();  // NOLINT(bugprone-use-after-move): what is tested
    CHECK(none == std::nullopt);
    moved = count_to(1);
    const auto one = co_await moved.next();
    CHECK(one == 1);
  });
}

TEST_CASE("a generator assigned to itself keeps its body", "[kit][generator]") {
  run_test([]() -> Task<void> {
    Generator<int> numbers = count_to(2);
    static_cast<void>(co_await numbers.next());
    Generator<int>& same = numbers;  // compilers warn where it is plain to see
    numbers = std::move(same);
    const auto two = co_await numbers.next();
    CHECK(two == 2);
  });
}

TEST_CASE("destroying a generator destroys its body where it stands", "[kit][generator]") {
  const ManualTime time;
  int destroyed = 0;
  {
    Generator<int> numbers = count_slowly(3, &destroyed);
    int value = 0;
    {
      const JoinHandle<void> consumer = create_task(take_one(&numbers, &value));
      CHECK(time.has_timers());
    }
    CHECK(destroyed == 0);
  }
  CHECK(destroyed == 1);
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("cancelling a consumer that owns its generator destroys both in mid-wait",
          "[kit][generator]") {
  const ManualTime time;
  int destroyed = 0;
  { const JoinHandle<int> consumer = create_task(sum_of(count_slowly(3, &destroyed))); }
  CHECK(destroyed == 1);
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("after a consumer was cancelled in mid-wait the next one gets the value, early or late",
          "[kit][generator]") {
  ManualTime time;
  int destroyed = 0;
  Generator<int> numbers = count_slowly(2, &destroyed);
  int lost = 0;
  int first = 0;
  int second = 0;
  { const JoinHandle<void> cancelled = create_task(take_one(&numbers, &lost)); }
  SECTION("it asks while the body is still waiting") {
    const JoinHandle<void> consumer = create_task(take_one(&numbers, &first));
    time.advance(milliseconds(10));
  }
  SECTION("it asks when the value is there already") {
    time.advance(milliseconds(10));
    const JoinHandle<void> consumer = create_task(take_one(&numbers, &first));
    CHECK(consumer.done());
  }
  SECTION("it asks after another was cancelled too") {
    { const JoinHandle<void> cancelled = create_task(take_one(&numbers, &lost)); }
    time.advance(milliseconds(10));
    const JoinHandle<void> consumer = create_task(take_one(&numbers, &first));
  }
  const JoinHandle<void> consumer = create_task(take_one(&numbers, &second));
  time.advance(milliseconds(10));
  CHECK(lost == 0);
  CHECK(first == 1);
  CHECK(second == 2);
}

TEST_CASE("a consumer cancelled after its value was made leaves it to the next",
          "[kit][generator]") {
  ManualTime time;
  int destroyed = 0;
  Generator<int> numbers = count_slowly(1, &destroyed);
  int lost = 0;
  int value = 0;
  JoinHandle<void> consumer = create_task(take_one(&numbers, &lost));
  // Woken by the same clock but behind the generator, and before the consumer that it wakes.
  const JoinHandle<void> canceller = create_task([](JoinHandle<void>* other) -> Task<void> {
    co_await sleep(milliseconds(10));
    other->cancel();
  }(&consumer));
  time.advance(milliseconds(10));
  CHECK(lost == 0);
  const JoinHandle<void> next = create_task(take_one(&numbers, &value));
  CHECK(value == 1);
}

TEST_CASE("a failure and an end reached without a consumer are kept for the next one",
          "[kit][generator]") {
  ManualTime time;
  auto body = [](bool fail) -> Generator<int> {
    co_await sleep(milliseconds(1));
    if (fail) throw std::runtime_error("broken");
  };
  int value = 0;
  Generator<int> broken = body(true);
  { const JoinHandle<void> cancelled = create_task(take_one(&broken, &value)); }
  Generator<int> ended = body(false);
  { const JoinHandle<void> cancelled = create_task(take_one(&ended, &value)); }
  time.advance(milliseconds(1));
  CHECK_THROWS_AS(run(take_one(&broken, &value)), std::runtime_error);
  run(take_one(&broken, &value));
  CHECK(value == -1);
  value = 0;
  run(take_one(&ended, &value));
  CHECK(value == -1);
}

TEST_CASE("generators nest", "[kit][generator]") {
  const ManualTime time;
  auto doubled = [](Generator<int> numbers) -> Generator<int> {
    while (auto number = co_await numbers.next()) co_yield *number * 2;
  };
  int destroyed = 0;
  CHECK(run(sum_of(doubled(doubled(count_slowly(3, &destroyed))))) == 24);
  CHECK(destroyed == 1);
}

TEST_CASE("one million values that come at once use constant stack", "[kit][generator][stack]") {
  run_test([]() -> Task<void> {
    StackMeter stack;
    auto body = [](StackMeter* meter) -> Generator<int> {
      for (int number = 0; number < one_million; ++number) {
        meter->measure();
        co_await value_of(number);
        co_yield 1;
      }
    };
    Generator<int> numbers = body(&stack);
    int sum = 0;
    while (auto number = co_await numbers.next()) {
      sum += *number;
      stack.measure();
    }
    CHECK(sum == one_million);
    CHECK(stack.span() < constant_stack);
  });
}

TEST_CASE("a generator refuses a second consumer while one waits", "[kit][generator]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    int destroyed = 0;
    int first = 0;
    int second = 0;
    Generator<int> numbers = count_slowly(1, &destroyed);
    JoinHandle<void> waiting = create_task(take_one(&numbers, &first));
    JoinHandle<void> refused = create_task(take_one(&numbers, &second));
    CHECK_THROWS_AS(co_await refused, std::logic_error);
    co_await waiting;
    CHECK(first == 1);
  });
}

TEST_CASE("what is on its way to one consumer is not taken by another", "[kit][generator]") {
  auto body = [](Gate* gate, bool fails) -> Generator<int> {
    co_await gate->wait();
    if (fails) throw std::runtime_error("broken");
    co_yield 1;
  };
  auto ask = [](Gate* before, Generator<int>* from, std::string* outcome) -> Task<void> {
    try {
      if (before != nullptr) co_await before->wait();
      const auto next = co_await from->next();
      *outcome = next ? std::to_string(*next) : "end";
    } catch (const std::exception& error) {
      *outcome = error.what();
    }
  };
  for (const bool fails : {false, true}) {
    ManualTime time;
    Gate gate;
    Generator<int> numbers = body(&gate, fails);
    std::string first;
    std::string second;
    const JoinHandle<void> waiting = create_task(ask(nullptr, &numbers, &first));
    const JoinHandle<void> other = create_task(ask(&gate, &numbers, &second));
    gate.open();  // the body goes on first, and the other one asks before its consumer goes on
    time.settle();
    CHECK(first == (fails ? "broken" : "1"));  // and not "end"
    CHECK(second.find("reqivo: ") == 0);       // refused, as while the first one waited
  }
}

TEST_CASE("a generator refuses a consumer that its own body starts", "[kit][generator]") {
  ManualTime time;
  struct Own {
    Generator<int> numbers;
    JoinHandle<void> inner;
    int seen = 0;
  };
  auto take = [](Own* own) -> Task<void> {
    const auto next = co_await own->numbers.next();
    own->seen = next.value_or(-1);
  };
  auto body = [](Own* own, Task<void> (*start)(Own*)) -> Generator<int> {
    own->inner = create_task(start(own));
    co_yield 1;
  };
  Own own;
  own.numbers = body(&own, take);
  const auto outer = [](Own* from) -> Task<int> {
    const auto next = co_await from->numbers.next();
    co_return next.value_or(-1);
  };
  CHECK(run(outer(&own)) == 1);
  time.settle();
  CHECK(own.seen == 0);  // and not -1, which is the end
  CHECK_THROWS_AS(run(std::move(own.inner)), std::logic_error);
}

TEST_CASE("a wait for a value that has a name is given away to who awaits it", "[kit][generator]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    int destroyed = 0;
    Generator<int> numbers = count_slowly(2, &destroyed);
    auto named = numbers.next();
    { const auto dropped = create_task(named); }
    CHECK_THROWS_AS(co_await named, std::logic_error);
    auto again = create_task(named);  // and is no wait at an end because of that
    CHECK_THROWS_AS(co_await again, std::logic_error);
    const auto first = co_await numbers.next();
    CHECK(first == 1);
  });
}

TEST_CASE("an expression may replace the generator that it awaits", "[kit][generator]") {
  run_test([]() -> Task<void> {
    Generator<int> numbers = count_to(3);
    numbers = count_to(*co_await numbers.next());
    const int sum = co_await sum_of(std::move(numbers));
    CHECK(sum == 1);
  });
}

TEST_CASE("an expression that has a value may have another consumer wait for the next one",
          "[kit][generator]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    int destroyed = 0;
    int second = 0;
    Generator<int> numbers = count_slowly(2, &destroyed);
    // What awaits the first value lives to the end of the expression.
    co_await take_one_behind(co_await numbers.next(), &numbers, &second);
    CHECK(second == 2);
  });
}

TEST_CASE("what waited for one value, and goes later, leaves the wait for the next one alone",
          "[kit][generator]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    int destroyed = 0;
    int second = 0;
    Generator<int> numbers = count_slowly(2, &destroyed);
    // What awaits the first value goes at the end of the expression: the second is awaited by then.
    JoinHandle<void> waiting = take_one_behind(co_await numbers.next(), &numbers, &second);
    co_await waiting;
    CHECK(second == 2);
  });
}

TEST_CASE("one million generators that end at once use constant stack", "[kit][generator][stack]") {
  run_test([]() -> Task<void> {
    StackMeter stack;
    auto body = [](StackMeter* meter) -> Generator<int> {
      meter->measure();
      co_return;
    };
    int values = 0;
    for (int number = 0; number < one_million; ++number) {
      Generator<int> none = body(&stack);
      if (co_await none.next()) ++values;
    }
    CHECK(values == 0);
    CHECK(stack.span() < constant_stack);
  });
}

}  // namespace
}  // namespace reqivo::test
