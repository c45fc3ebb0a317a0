// Tasks that are cancelled by what runs inside of them, or that hold their own handles.
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/async.hpp>
#include <string>
#include <utility>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/unhandled.hpp"

namespace reqivo::test {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a task that cancels itself ends when it next suspends", "[kit][join_handle]") {
  ManualTime time;
  JoinHandle<void> handle;
  Gate gate;
  int destroyed = 0;
  bool went_on = false;
  bool resumed = false;
  auto body = [](JoinHandle<void>* own, Gate* at, int* count, bool* first,
                 bool* second) -> Task<void> {
    const Witness witness(count);
    co_await sleep(milliseconds(1));
    own->cancel();
    CHECK(own->done());
    CHECK(*count == 0);
    co_await value_of(1);  // does not suspend
    *first = true;
    co_await at->wait();
    *second = true;
  };
  handle = create_task(body(&handle, &gate, &destroyed, &went_on, &resumed));
  std::string outcome;
  const JoinHandle<void> waiter = create_task(note_outcome(&handle, &outcome));
  time.advance(milliseconds(1));
  CHECK(went_on);
  CHECK(destroyed == 1);
  gate.open();
  time.settle();
  CHECK_FALSE(resumed);
  CHECK(outcome == "cancelled");
}

TEST_CASE("a task that drops, or cancels and detaches, its own handle ends when it next suspends",
          "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  bool drop = false;
  SECTION("drop") { drop = true; }
  SECTION("cancel and detach") {}
  auto owner = std::make_unique<JoinHandle<void>>();
  auto body = [](std::unique_ptr<JoinHandle<void>>* own, Gate* at, int* count,
                 bool dropped) -> Task<void> {
    const Witness witness(count);
    co_await sleep(milliseconds(1));
    if (dropped) {
      own->reset();
    } else {
      (*own)->cancel();
      (*own)->detach();
    }
    CHECK(*count == 0);
    co_await at->wait();
  };
  *owner = create_task(body(&owner, &gate, &destroyed, drop));
  time.advance(milliseconds(1));
  CHECK(destroyed == 1);
  CHECK(gate.waiting() == 0);
}

TEST_CASE("a task that cancels itself and runs to its end counts as cancelled and reports nothing",
          "[kit][join_handle]") {
  const UnhandledExceptions reports;
  ManualTime time;
  auto body = [](JoinHandle<void>* own) -> Task<void> {
    co_await sleep(milliseconds(1));
    own->cancel();
    throw std::runtime_error("unseen");
  };
  JoinHandle<void> handle;
  handle = create_task(body(&handle));
  std::string outcome;
  const JoinHandle<void> waiter = create_task(note_outcome(&handle, &outcome));
  time.advance(milliseconds(1));
  CHECK(outcome == "cancelled");
  CHECK(reports.texts().empty());
}

TEST_CASE("a task may be cancelled by a task that it starts, however deep", "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto canceller = [](JoinHandle<void>* target, int* count) -> Task<void> {
    target->cancel();
    CHECK(*count == 0);
    co_return;
  };
  auto middle = [](JoinHandle<void>* target, int* count,
                   decltype(canceller) cancel_it) -> Task<void> {
    auto inner = create_task(gather(cancel_it(target, count), sleep(milliseconds(0))));
    co_await std::move(inner);
  };
  auto body = [](JoinHandle<void>* own, Gate* at, int* count, decltype(middle) go_between,
                 decltype(canceller) cancel_it) -> Task<void> {
    const Witness witness(count);
    co_await sleep(milliseconds(1));
    const JoinHandle<void> started = create_task(go_between(own, count, cancel_it));
    CHECK(own->done());
    CHECK(*count == 0);
    co_await hold(at, count);
  };
  JoinHandle<void> handle;
  handle = create_task(body(&handle, &gate, &destroyed, middle, canceller));
  time.advance(milliseconds(1));
  CHECK(destroyed == 2);
  CHECK(gate.waiting() == 0);
}

TEST_CASE("a task may be cancelled by what it awaits, by itself and in a generator",
          "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto numbers = [](JoinHandle<void>* target, int* count) -> Generator<int> {
    const Witness witness(count);
    co_yield 1;
    co_await sleep(milliseconds(1));
    target->cancel();
    CHECK(*count == 0);
    co_yield 2;
  };
  auto body = [](Gate* at, Generator<int> generator, int* count) -> Task<void> {
    const Witness witness(count);
    while (co_await generator.next()) continue;
    co_await at->wait();
  };
  JoinHandle<void> handle;
  handle = create_task(body(&gate, numbers(&handle, &destroyed), &destroyed));
  time.advance(milliseconds(1));
  CHECK(destroyed == 2);
  CHECK(handle.done());
}

using Way = Task<void> (*)(JoinHandle<void>* target, Gate* gate, int* destroyed);

/// Goes on from the loop when it cancels: what awaits it is not under it on the stack.
Task<void> cancel_later(JoinHandle<void>* target, Gate* gate, int* destroyed) {
  const Witness witness(destroyed);
  co_await sleep(milliseconds(1));
  target->cancel();
  CHECK(target->done());
  CHECK(*destroyed == 0);
  co_await gate->wait();
}

Generator<int> cancel_before_a_value(JoinHandle<void>* target, Gate* gate, int* destroyed) {
  co_await cancel_later(target, gate, destroyed);
  co_yield 1;
}

Task<void> await_it(JoinHandle<void>* target, Gate* gate, int* destroyed) {
  const Witness witness(destroyed);
  co_await cancel_later(target, gate, destroyed);
}

Task<void> gather_it(JoinHandle<void>* target, Gate* gate, int* destroyed) {
  auto both = gather(cancel_later(target, gate, destroyed), hold(gate, destroyed));
  co_await std::move(both);
}

Task<void> limit_it(JoinHandle<void>* target, Gate* gate, int* destroyed) {
  const Witness witness(destroyed);
  co_await wait_for(cancel_later(target, gate, destroyed), std::chrono::hours(1));
}

Task<void> generate_it(JoinHandle<void>* target, Gate* gate, int* destroyed) {
  const Witness witness(destroyed);
  Generator<int> numbers = cancel_before_a_value(target, gate, destroyed);
  static_cast<void>(co_await numbers.next());
}

TEST_CASE("a task may be cancelled by what it awaits in any way, after that has waited itself",
          "[kit][join_handle]") {
  for (const Way way : {await_it, gather_it, limit_it, generate_it}) {
    ManualTime time;
    Gate gate;
    int destroyed = 0;
    JoinHandle<void> handle;
    handle = create_task(way(&handle, &gate, &destroyed));
    time.advance(milliseconds(1));
    CHECK(handle.done());
    CHECK(destroyed == 2);
    CHECK(gate.waiting() == 0);
    CHECK_FALSE(time.has_timers());
  }
}

TEST_CASE("a generator that goes on without a consumer may cancel the task that owns it",
          "[kit][join_handle]") {
  ManualTime time;
  int destroyed = 0;
  auto numbers = [](JoinHandle<void>* target, int* count) -> Generator<int> {
    const Witness witness(count);
    co_await sleep(milliseconds(2));
    target->cancel();
    CHECK(*count == 0);
    co_yield 1;
  };
  auto body = [](Generator<int> generator) -> Task<void> {
    const bool late = co_await fails<WaitTimeoutError>(wait_for(generator.next(), milliseconds(1)));
    CHECK(late);
    co_await sleep(std::chrono::hours(1));
  };
  JoinHandle<void> handle;
  handle = create_task(body(numbers(&handle, &destroyed)));
  time.advance(milliseconds(2));
  CHECK(destroyed == 1);
  CHECK(handle.done());
  CHECK_FALSE(time.has_timers());
}

TEST_CASE("tasks may own one another's handles in a ring", "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto body = [](std::unique_ptr<JoinHandle<void>> owned, Gate* at, int* count) -> Task<void> {
    const Witness witness(count);
    co_await at->wait();
    owned->cancel();
  };
  // Each coroutine holds a handle: the inner one the outer's, whose destruction so lets go of
  // itself.
  auto slot = std::make_unique<JoinHandle<void>>();
  JoinHandle<void>* const outer = slot.get();
  JoinHandle<void> inner = create_task(body(std::move(slot), &gate, &destroyed));
  *outer =
      create_task(body(std::make_unique<JoinHandle<void>>(std::move(inner)), &gate, &destroyed));
  CHECK(destroyed == 0);
  outer->cancel();
  CHECK(destroyed == 2);
  CHECK(gate.waiting() == 0);
}

TEST_CASE("a task whose coroutine holds its own handle is destroyed once", "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto body = [](std::unique_ptr<JoinHandle<void>>, Gate* at, int* count) -> Task<void> {
    const Witness witness(count);
    co_await at->wait();
  };
  auto slot = std::make_unique<JoinHandle<void>>();
  JoinHandle<void>* const own = slot.get();
  *own = create_task(body(std::move(slot), &gate, &destroyed));
  own->cancel();
  CHECK(destroyed == 1);
}

TEST_CASE("a task that awaits its own handle can be cancelled", "[kit][join_handle]") {
  ManualTime time;
  int destroyed = 0;
  auto body = [](std::unique_ptr<JoinHandle<void>> own, int* count) -> Task<void> {
    const Witness witness(count);
    co_await sleep(milliseconds(1));
    co_await *own;
  };
  auto slot = std::make_unique<JoinHandle<void>>();
  JoinHandle<void>* const own = slot.get();
  *own = create_task(body(std::move(slot), &destroyed));
  time.advance(milliseconds(1));
  CHECK(destroyed == 0);
  own->cancel();
  time.settle();
  CHECK(destroyed == 1);
}

}  // namespace
}  // namespace reqivo::test
