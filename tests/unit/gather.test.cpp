#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/async.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/run_test.hpp"

namespace reqivo::test {
namespace {

Task<int> value_after(int milliseconds, int value) {
  co_await sleep(std::chrono::milliseconds(milliseconds));
  co_return value;
}

Task<int> failure_after(int milliseconds, std::string text) {
  co_await sleep(std::chrono::milliseconds(milliseconds));
  throw std::runtime_error(text);
}

Task<int> hold_value(Gate* gate, int* destroyed) {
  const Witness witness(destroyed);
  co_await gate->wait();
  co_return 0;
}

/// Awaitable by the language's rules alone: it knows nothing of Reqivo, and resumes by itself.
class ForeignAwaiter {
 public:
  explicit ForeignAwaiter(std::coroutine_handle<>* slot) noexcept : slot_(slot) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) const noexcept {
    if (slot_ != nullptr) *slot_ = waiter;
    return slot_ != nullptr;
  }
  [[nodiscard]] int await_resume() const noexcept { return 9; }

 private:
  std::coroutine_handle<>* slot_;
};

/// Awaitable by its name alone.
class NamedAwaitable {
 public:
  [[nodiscard]] ForeignAwaiter operator co_await() & noexcept { return ForeignAwaiter(nullptr); }
};

/// As a request builder is: awaitable by a member operator, and convertible to a task.
class Builder {
 public:
  explicit Builder(int value) : value_(std::make_unique<int>(value)) {}
  operator Task<std::string>() && { return send(std::move(value_)); }  // NOLINT: as a builder does
  auto operator co_await() && { return Task<std::string>(std::move(*this)).operator co_await(); }

 private:
  static Task<std::string> send(std::unique_ptr<int> value) {
    co_await sleep(std::chrono::milliseconds(1));
    co_return "sent " + std::to_string(*value);
  }
  std::unique_ptr<int> value_;
};

TEST_CASE("gather gives a vector's values in the order given, not of completion", "[kit][gather]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    std::vector<Task<int>> tasks;
    for (int number = 0; number < 5; ++number)
      tasks.push_back(value_after(50 - 10 * number, number));
    const std::vector<int> values = co_await gather(std::move(tasks));
    const int expected[] = {0, 1, 2, 3, 4};
    CHECK(std::equal(values.begin(), values.end(), std::begin(expected), std::end(expected)));
  });
  CHECK(time.passed() == std::chrono::milliseconds(50));  // at once, not one after another
}

TEST_CASE("gather gives a tuple of values of different types in the order given", "[kit][gather]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    auto all = gather(value_after(2, 1), value_of(std::string("two")),
                      sleep(std::chrono::milliseconds(1)), value_of(std::make_unique<int>(3)));
    auto [one, two, nothing, three] = co_await std::move(all);
    static_assert(std::is_same_v<decltype(nothing), std::monostate>);
    CHECK(one == 1);
    CHECK(two == "two");
    CHECK(*three == 3);
  });
}

TEST_CASE("gather of tasks of nothing gives nothing when all are done", "[kit][gather]") {
  ManualTime time;
  std::vector<Task<void>> tasks;
  for (int number = 1; number <= 3; ++number)
    tasks.push_back(sleep(std::chrono::milliseconds(number)));
  auto all = gather(std::move(tasks));
  static_assert(std::is_same_v<decltype(all), Task<void>>);
  const JoinHandle<void> handle = create_task(std::move(all));
  time.advance(std::chrono::milliseconds(2));
  CHECK_FALSE(handle.done());
  time.advance(std::chrono::milliseconds(1));
  CHECK(handle.done());
}

TEST_CASE("gather of nothing is done at once", "[kit][gather]") {
  run_test([]() -> Task<void> {
    const std::vector<int> values = co_await gather(std::vector<Task<int>>());
    CHECK(values.empty());
    co_await gather(std::vector<Task<void>>());
    const auto results = co_await gather(std::vector<Task<int>>(), return_exceptions);
    CHECK(results.empty());
    const std::tuple<> none = co_await gather();
    const std::tuple<> no_results = co_await gather(return_exceptions);
    CHECK(none == no_results);
  });
}

TEST_CASE("gather starts nothing before it is awaited", "[kit][gather]") {
  Gate gate;
  int destroyed = 0;
  {
    const auto all = gather(hold(&gate, &destroyed), hold(&gate, &destroyed));
    CHECK(gate.waiting() == 0);
  }
  CHECK(destroyed == 0);
}

TEST_CASE("the first failure in time cancels the others before it is thrown", "[kit][gather]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    std::vector<Task<int>> tasks;
    tasks.push_back(hold_value(&gate, &destroyed));
    tasks.push_back(failure_after(20, "second in time, first in place"));
    tasks.push_back(failure_after(10, "first in time"));
    tasks.push_back(hold_value(&gate, &destroyed));
    std::string seen;
    try {
      co_await gather(std::move(tasks));
    } catch (const std::runtime_error& error) {
      seen = error.what();
      CHECK(destroyed == 2);
      CHECK(gate.waiting() == 0);
    }
    CHECK(seen == "first in time");
  });
  CHECK(time.passed() == std::chrono::milliseconds(10));
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("the children are cancelled from the first to the last", "[kit][gather]") {
  const ManualTime time;
  std::string order;
  const auto child = [&order](char name) -> Task<int> {
    struct Noted {
      std::string& order;
      char name;
      ~Noted() { order += name; }
    } const noted{order, name};
    co_await sleep(std::chrono::hours(1));
    co_return 0;
  };
  const auto some = [&child] {
    std::vector<Task<int>> children;
    for (const char name : {'a', 'b', 'c'}) children.push_back(child(name));
    return children;
  };
  SECTION("a vector's by a failure") {
    std::vector<Task<int>> children = some();
    children.push_back(failure_after(1, "x"));
    CHECK_THROWS(run(gather(std::move(children))));
  }
  SECTION("a tuple's by a failure") {
    CHECK_THROWS(run(gather(child('a'), child('b'), child('c'), failure_after(1, "x"))));
  }
  SECTION("with the gather itself") {
    CHECK_THROWS_AS(run(wait_for(gather(some()), std::chrono::milliseconds(1))), WaitTimeoutError);
  }
  SECTION("with the gather of a tuple") {
    auto all = gather(child('a'), child('b'), child('c'));
    CHECK_THROWS_AS(run(wait_for(std::move(all), std::chrono::milliseconds(1))), WaitTimeoutError);
  }
  SECTION("with the gather of outcomes") {
    auto all = gather(some(), return_exceptions);
    CHECK_THROWS_AS(run(wait_for(std::move(all), std::chrono::milliseconds(1))), WaitTimeoutError);
  }
  SECTION("with the gather of a tuple of outcomes") {
    auto all = gather(return_exceptions, child('a'), child('b'), child('c'));
    CHECK_THROWS_AS(run(wait_for(std::move(all), std::chrono::milliseconds(1))), WaitTimeoutError);
  }
  CHECK(order == "abc");
}

TEST_CASE("the first failure of a tuple cancels the others before it is thrown", "[kit][gather]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    auto all = gather(hold(&gate, &destroyed), failure_after(20, "late"),
                      failure_after(10, "early"), value_of(std::string("value")));
    std::string seen;
    try {
      co_await std::move(all);
    } catch (const std::runtime_error& error) {
      seen = error.what();
      CHECK(destroyed == 1);
    }
    CHECK(seen == "early");
  });
}

TEST_CASE("after a failure while children are being started no more are started", "[kit][gather]") {
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    bool started = false;
    auto note = [](bool* flag) -> Task<int> {
      *flag = true;
      co_return 1;
    };
    std::vector<Task<int>> tasks;
    tasks.push_back(hold_value(&gate, &destroyed));
    tasks.push_back(fail_with("at once"));
    tasks.push_back(note(&started));
    const bool failed = co_await fails<std::runtime_error>(gather(std::move(tasks)));
    CHECK(failed);
    CHECK(destroyed == 1);
    auto all = gather(hold(&gate, &destroyed), fail_with("at once"), note(&started));
    const bool tuple_failed = co_await fails<std::runtime_error>(std::move(all));
    CHECK(tuple_failed);
    CHECK(destroyed == 2);
    CHECK_FALSE(started);
  });
}

TEST_CASE("two failures in one turn: the earlier is thrown", "[kit][gather]") {
  ManualTime time;
  Gate gate;
  auto body = [](Gate* at, std::string text) -> Task<void> {
    co_await at->wait();
    throw std::runtime_error(text);
  };
  auto watch = [](Task<std::tuple<std::monostate, std::monostate>> all,
                  std::string* seen) -> Task<void> {
    try {
      co_await std::move(all);
    } catch (const std::runtime_error& error) {
      *seen = error.what();
    }
  };
  std::string seen;
  const JoinHandle<void> handle =
      create_task(watch(gather(body(&gate, "a"), body(&gate, "b")), &seen));
  gate.open();
  time.settle();
  CHECK(handle.done());
  CHECK(seen == "a");
}

TEST_CASE("with return_exceptions a vector's outcomes all come, in the order given",
          "[kit][gather]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    std::vector<Task<int>> tasks;
    tasks.push_back(value_after(30, 1));
    tasks.push_back(failure_after(10, "failed"));
    tasks.push_back(fail_with("at once"));
    tasks.push_back(value_of(4));
    const auto results = co_await gather(std::move(tasks), return_exceptions);
    REQUIRE(results.size() == 4);
    CHECK(results[0].value() == 1);
    CHECK(std::string(results[1].error().what()) == "failed");
    CHECK(std::string(results[2].error().what()) == "at once");
    CHECK(results[3].value() == 4);
  });
  CHECK(time.passed() == std::chrono::milliseconds(30));
}

TEST_CASE("with return_exceptions a tuple's outcomes all come, in the order given",
          "[kit][gather]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    auto all = gather(return_exceptions, failure_after(5, "failed"),
                      sleep(std::chrono::milliseconds(9)), value_of(std::string("good")));
    auto [failed, nothing, good] = co_await std::move(all);
    static_assert(std::is_same_v<decltype(nothing), Result<void>>);
    CHECK(std::string(failed.error().what()) == "failed");
    CHECK(nothing.has_value());
    CHECK(good.value() == "good");
  });
}

TEST_CASE("gather takes request builders, handles and awaitables of foreign types",
          "[kit][gather]") {
  ManualTime time;
  auto body = []() -> Task<std::string> {
    JoinHandle<int> handle = create_task(value_after(3, 5));
    auto all = gather(Builder(1), std::move(handle), ForeignAwaiter(nullptr));
    auto [sent, joined, foreign] = co_await std::move(all);
    std::vector<Builder> builders;
    builders.emplace_back(2);
    builders.emplace_back(3);
    const std::vector<std::string> more = co_await gather(std::move(builders));
    co_return sent + ", " + std::to_string(joined + foreign) + ", " + more[0] + ", " + more[1];
  };
  CHECK(run(body()) == "sent 1, 14, sent 2, sent 3");
}

TEST_CASE("gather takes handles by their names", "[kit][gather]") {
  ManualTime time;
  run_test([]() -> Task<void> {
    JoinHandle<int> one = create_task(value_after(3, 1));
    JoinHandle<std::string> two = create_task(value_of(std::string("two")));
    auto [first, second] = co_await gather(one, two);
    CHECK(first == 1);
    CHECK(second == "two");
    CHECK(one.done());
    const bool twice = co_await fails<std::logic_error>(gather(one));
    CHECK(twice);

    JoinHandle<int> good = create_task(value_after(3, 4));
    JoinHandle<int> bad = create_task(failure_after(1, "bad"));
    auto results = gather(return_exceptions, good, bad);
    auto [value, failure] = co_await std::move(results);
    CHECK(value.value() == 4);
    CHECK(std::string(failure.error().what()) == "bad");
  });
}

TEST_CASE("the first failure cancels handles given by their names", "[kit][gather]") {
  ManualTime time;
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    JoinHandle<void> held = create_task(hold(&gate, &destroyed));
    JoinHandle<int> bad = create_task(failure_after(1, "bad"));
    const bool failed = co_await fails<std::runtime_error>(gather(held, bad));
    CHECK(failed);
    CHECK(destroyed == 1);
    CHECK(held.done());
  });
}

TEST_CASE("a named handle that is dropped while a gather waits for it is cancelled for the gather",
          "[kit][gather]") {
  ManualTime time;
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    JoinHandle<void> held = create_task(hold(&gate, &destroyed));
    auto all = create_task(gather(return_exceptions, held));
    held = JoinHandle<void>();
    CHECK(destroyed == 1);
    auto [outcome] = co_await all;
    CHECK(std::string(outcome.error().what()) == "the task was cancelled");
  });
}

/// Something that others wait for, and that stays where it is.
class Signal {
 public:
  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;
  void send() { gate_.open(); }
  [[nodiscard]] Gate::Wait operator co_await() noexcept { return gate_.wait(); }

 private:
  Gate gate_;
};

TEST_CASE("an awaitable that cannot be copied is awaited where it is", "[kit][gather]") {
  ManualTime time;
  Signal one;
  Signal two;
  JoinHandle<std::tuple<std::monostate, std::monostate>> all = create_task(gather(one, two));
  JoinHandle<void> single = create_task(one);
  one.send();
  time.settle();
  CHECK(single.done());
  CHECK_FALSE(all.done());
  two.send();
  time.settle();
  CHECK(all.done());
}

TEST_CASE("a foreign awaitable may resume the coroutine itself", "[kit][gather]") {
  ManualTime time;
  std::coroutine_handle<> waiting;
  JoinHandle<std::tuple<int, int>> all = create_task(gather(ForeignAwaiter(&waiting), value_of(1)));
  REQUIRE(waiting);
  waiting.resume();
  CHECK_FALSE(all.done());
  time.settle();
  CHECK(all.done());
}

TEST_CASE("cancelling a gather cancels its children", "[kit][gather]") {
  const ManualTime time;
  Gate gate;
  int destroyed = 0;
  {
    const auto handle = create_task(gather(hold(&gate, &destroyed), hold(&gate, &destroyed)));
    CHECK(gate.waiting() == 2);
  }
  CHECK(destroyed == 2);
  CHECK(gate.waiting() == 0);
}

TEST_CASE("a gather whose children are all done and that is cancelled before it goes on is gone",
          "[kit][gather]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto handle = create_task(gather(hold(&gate, &destroyed), hold(&gate, &destroyed)));
  auto canceller = [](JoinHandle<std::tuple<std::monostate, std::monostate>>* other,
                      Gate* at) -> Task<void> {
    co_await at->wait();
    other->cancel();
  };
  const JoinHandle<void> last = create_task(canceller(&handle, &gate));
  gate.open();  // both children finish in this turn and wake the gather, and then it is cancelled
  time.settle();
  CHECK(last.done());
  CHECK(handle.done());
  CHECK(destroyed == 2);
}

TEST_CASE("a gather given an empty task starts none of the others", "[kit][gather]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  std::vector<Task<int>> tasks;
  tasks.push_back(hold_value(&gate, &destroyed));
  tasks.emplace_back();
  auto vector = create_task(gather(std::move(tasks)));
  auto tuple = create_task(gather(hold(&gate, &destroyed), Task<int>()));
  CHECK(gate.waiting() == 0);
  auto results = create_task(gather(return_exceptions, hold(&gate, &destroyed), Task<int>()));
  CHECK(gate.waiting() == 0);
  std::vector<Task<int>> more;
  more.push_back(hold_value(&gate, &destroyed));
  more.emplace_back();
  auto vector_results = create_task(gather(std::move(more), return_exceptions));
  CHECK(gate.waiting() == 0);
  gate.open();
  time.settle();  // nothing of them may be left that could go on
  CHECK_THROWS_AS(run(std::move(vector)), std::logic_error);
  CHECK_THROWS_AS(run(std::move(tuple)), std::logic_error);
  CHECK_THROWS_AS(run(std::move(results)), std::logic_error);
  CHECK_THROWS_AS(run(std::move(vector_results)), std::logic_error);
}

TEST_CASE("what can be awaited by its name alone can be gathered", "[kit][gather]") {
  run_test([]() -> Task<void> {
    NamedAwaitable named;
    auto both = gather(named, NamedAwaitable());
    const auto [one, other] = co_await std::move(both);
    CHECK(one == 9);
    CHECK(other == 9);
  });
}

TEST_CASE("gathers nest", "[kit][gather]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    auto inner = gather(value_after(5, 1), value_after(3, 2));
    auto other = gather(value_after(4, 3), failure_after(1, "inner"));
    auto all = gather(return_exceptions, std::move(inner), std::move(other));
    auto [good, bad] = co_await std::move(all);
    CHECK(std::get<0>(good.value()) == 1);
    CHECK(std::get<1>(good.value()) == 2);
    CHECK(std::string(bad.error().what()) == "inner");
  });
}

TEST_CASE("one million gathers that finish at once use constant stack", "[kit][gather][stack]") {
  run_test([]() -> Task<void> {
    StackMeter stack;
    auto step = [](StackMeter* meter) -> Task<int> {
      meter->measure();
      co_return 1;
    };
    int sum = 0;
    for (int number = 0; number < one_million / 2; ++number) {
      auto both = gather(step(&stack), step(&stack));
      const auto [one, other] = co_await std::move(both);
      sum += one + other;
    }
    CHECK(sum == one_million);
    CHECK(stack.span() < constant_stack);
  });
}

TEST_CASE("a gather of a million children that finish at once uses constant stack",
          "[kit][gather][stack]") {
  run_test([]() -> Task<void> {
    StackMeter stack;
    auto step = [](StackMeter* meter) -> Task<int> {
      meter->measure();
      co_return 1;
    };
    std::vector<Task<int>> tasks;
    tasks.reserve(one_million);
    for (int number = 0; number < one_million; ++number) tasks.push_back(step(&stack));
    const std::vector<int> ones = co_await gather(std::move(tasks));
    CHECK(ones.size() == one_million);
    CHECK(stack.span() < constant_stack);
  });
}

}  // namespace
}  // namespace reqivo::test
