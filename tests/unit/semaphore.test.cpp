#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/run_test.hpp"

namespace reqivo::test {
namespace {

using std::chrono::milliseconds;

Task<void> enter(Semaphore* semaphore, std::string* order, char name, Gate* gate) {
  const Permit permit = co_await semaphore->acquire();
  order->push_back(name);
  co_await gate->wait();
}

static_assert(!std::is_copy_constructible_v<Permit> && !std::is_copy_assignable_v<Permit>);
static_assert(std::is_nothrow_move_constructible_v<Permit> &&
              std::is_nothrow_move_assignable_v<Permit>);
static_assert(!std::is_copy_constructible_v<Semaphore> && !std::is_copy_assignable_v<Semaphore>);
static_assert(std::is_nothrow_move_constructible_v<Semaphore> &&
              std::is_nothrow_move_assignable_v<Semaphore>);

TEST_CASE("a semaphore lets so many through at once and not one more", "[kit][semaphore]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    Semaphore semaphore(5);
    int inside = 0;
    int most = 0;
    auto worker = [](Semaphore* entry, int* now, int* peak) -> Task<void> {
      const Permit permit = co_await entry->acquire();
      *peak = std::max(*peak, ++*now);
      co_await sleep(milliseconds(10));
      --*now;
    };
    std::vector<Task<void>> workers;
    for (int number = 0; number < 20; ++number)
      workers.push_back(worker(&semaphore, &inside, &most));
    co_await gather(std::move(workers));
    CHECK(most == 5);
    CHECK(semaphore.available() == 5);
  });
  CHECK(time.passed() == milliseconds(40));
}

TEST_CASE("a permit that is free is given at once", "[kit][semaphore]") {
  ManualTime time;
  Semaphore semaphore(2);
  auto body = [](Semaphore* entry) -> Task<Permit> { co_return co_await entry->acquire(); };
  JoinHandle<Permit> handle = create_task(body(&semaphore));
  CHECK(handle.done());
  CHECK(semaphore.available() == 1);
}

TEST_CASE("whoever waits longest is served first", "[kit][semaphore]") {
  ManualTime time;
  Semaphore semaphore(1);
  std::string order;
  Gate gate;
  gate.open();
  Permit held = semaphore.try_acquire();
  std::vector<JoinHandle<void>> waiting;
  for (const char name : std::string("abcde")) {
    waiting.push_back(create_task(enter(&semaphore, &order, name, &gate)));
  }
  held.release();
  time.settle();
  CHECK(order == "abcde");
  CHECK(semaphore.available() == 1);
}

TEST_CASE("try_acquire does not overtake those who wait", "[kit][semaphore]") {
  ManualTime time;
  Semaphore semaphore(1);
  std::string order;
  Gate gate;
  Permit held = semaphore.try_acquire();
  CHECK(held);
  CHECK_FALSE(semaphore.try_acquire());
  const JoinHandle<void> waiting = create_task(enter(&semaphore, &order, 'a', &gate));
  held.release();
  CHECK_FALSE(held);
  CHECK(semaphore.available() == 0);  // it is the waiter's already
  CHECK_FALSE(semaphore.try_acquire());
  const JoinHandle<void> behind = create_task(enter(&semaphore, &order, 'b', &gate));
  time.settle();
  CHECK(order == "a");
  gate.open();
  time.settle();
  CHECK(order == "ab");
}

TEST_CASE("a waiter that is destroyed in the queue leaves the others in order",
          "[kit][semaphore]") {
  for (std::size_t victim = 0; victim < 3; ++victim) {
    ManualTime time;
    Semaphore semaphore(1);
    std::string order;
    Gate gate;
    gate.open();
    Permit held = semaphore.try_acquire();
    std::vector<JoinHandle<void>> waiting;
    for (const char name : std::string("abc")) {
      waiting.push_back(create_task(enter(&semaphore, &order, name, &gate)));
    }
    waiting[victim].cancel();
    held.release();
    time.settle();
    CHECK(order == std::string("abc").erase(victim, 1));
    CHECK(semaphore.available() == 1);
  }
}

TEST_CASE("a waiter that is destroyed after it was granted gives the permit to the next",
          "[kit][semaphore]") {
  ManualTime time;
  Semaphore semaphore(1);
  std::string order;
  Gate gate;
  Permit held = semaphore.try_acquire();
  JoinHandle<void> first = create_task(enter(&semaphore, &order, 'a', &gate));
  JoinHandle<void> second = create_task(enter(&semaphore, &order, 'b', &gate));
  held.release();
  first.cancel();
  time.settle();
  CHECK(order == "b");
  second.cancel();
  CHECK(semaphore.available() == 1);
}

TEST_CASE("a holder that is destroyed gives its permit back", "[kit][semaphore]") {
  const ManualTime time;
  Semaphore semaphore(1);
  std::string order;
  Gate gate;
  {
    const JoinHandle<void> holder = create_task(enter(&semaphore, &order, 'a', &gate));
    CHECK(semaphore.available() == 0);
  }
  CHECK(semaphore.available() == 1);
}

TEST_CASE("permits and waiters outlive their semaphore", "[kit][semaphore]") {
  ManualTime time;
  std::string order;
  Gate gate;
  Permit kept;
  JoinHandle<void> first;
  JoinHandle<void> second;
  {
    Semaphore semaphore(1);
    kept = semaphore.try_acquire();
    first = create_task(enter(&semaphore, &order, 'a', &gate));
    second = create_task(enter(&semaphore, &order, 'b', &gate));
  }
  kept.release();
  time.settle();
  CHECK(order == "a");
  first.cancel();
  time.settle();
  CHECK(order == "ab");
}

TEST_CASE("a permit moves, and is given back once", "[kit][semaphore]") {
  Semaphore semaphore(2);
  Permit one = semaphore.try_acquire();
  Permit other = semaphore.try_acquire();
  CHECK(semaphore.available() == 0);
  one = std::move(other);
  CHECK(semaphore.available() == 1);
  CHECK(one);
  CHECK_FALSE(other);  // NOLINT(bugprone-use-after-move): that is what is tested
  Permit third(std::move(one));
  third.release();
  third.release();
  CHECK(semaphore.available() == 2);
}

TEST_CASE("a permit assigned to itself is kept", "[kit][semaphore]") {
  Semaphore semaphore(1);
  Permit permit = semaphore.try_acquire();
  Permit& same = permit;  // compilers warn where it is plain to see
  permit = std::move(same);
  CHECK(permit);
  CHECK(semaphore.available() == 0);
}

TEST_CASE("a semaphore moves with its permits and waiters", "[kit][semaphore]") {
  ManualTime time;
  Semaphore semaphore(1);
  std::string order;
  Gate gate;
  gate.open();
  Permit held = semaphore.try_acquire();
  const JoinHandle<void> waiting = create_task(enter(&semaphore, &order, 'a', &gate));
  Semaphore moved(std::move(semaphore));
  held.release();
  time.settle();
  CHECK(order == "a");
  CHECK(moved.available() == 1);
  Semaphore assigned(7);
  assigned = std::move(moved);
  CHECK(assigned.available() == 1);
}

TEST_CASE("a semaphore that was moved from says so", "[kit][semaphore]") {
  Semaphore semaphore(1);
  const Semaphore taken(std::move(semaphore));
  // NOLINTBEGIN(bugprone-use-after-move): what is tested
  CHECK_THROWS_AS(semaphore.acquire(), std::logic_error);
  CHECK_THROWS_AS(semaphore.try_acquire(), std::logic_error);
  CHECK_THROWS_AS(semaphore.available(), std::logic_error);
  // NOLINTEND(bugprone-use-after-move)
  CHECK(taken.available() == 1);
}

TEST_CASE("a semaphore of none lets nobody through", "[kit][semaphore]") {
  const ManualTime time;
  Semaphore semaphore(0);
  CHECK_FALSE(semaphore.try_acquire());
  CHECK_THROWS_AS(run(wait_for(semaphore.acquire(), milliseconds(5))), WaitTimeoutError);
}

TEST_CASE("a wait that has a name is given away to who awaits it", "[kit][semaphore]") {
  const ManualTime time;
  Semaphore semaphore(1);
  Permit permit = semaphore.try_acquire();
  SemaphoreAwaiter named = semaphore.acquire();
  CHECK_THROWS_AS(run(wait_for(named, milliseconds(5))), WaitTimeoutError);
  permit.release();
  CHECK(semaphore.available() == 1);
  CHECK_THROWS_AS(run(wait_for(named, milliseconds(5))), std::logic_error);
  SemaphoreAwaiter dropped = semaphore.acquire();
  permit = semaphore.try_acquire();
  { const JoinHandle<Permit> waiting = create_task(dropped); }
  permit.release();
  CHECK(semaphore.available() == 1);
}

TEST_CASE("a wait that has a name and is over may be awaited again", "[kit][semaphore]") {
  ManualTime time;
  Semaphore semaphore(1);
  std::string order;
  Gate gate;
  Permit held = semaphore.try_acquire();
  auto twice = [](Semaphore* entry, std::string* into, Gate* at) -> Task<void> {
    SemaphoreAwaiter named = entry->acquire();
    {
      const Permit first = co_await named;
      into->push_back('1');
    }
    co_await at->wait();
    const Permit second = co_await named;
    into->push_back('2');
  };
  const JoinHandle<void> waiting = create_task(twice(&semaphore, &order, &gate));
  {
    // The one behind it in the queue, which is gone when it queues again.
    const JoinHandle<void> behind = create_task(enter(&semaphore, &order, 'b', &gate));
    held.release();
    time.settle();
    CHECK(order == "1b");
  }
  held = semaphore.try_acquire();
  gate.open();
  time.settle();
  held.release();
  time.settle();
  CHECK(order == "1b2");
  held = semaphore.try_acquire();
  const JoinHandle<void> last = create_task(enter(&semaphore, &order, 'c', &gate));
  held.release();
  time.settle();
  CHECK(order == "1b2c");
  CHECK(semaphore.available() == 1);
}

TEST_CASE("a wait that was made and never awaited takes nothing", "[kit][semaphore]") {
  Semaphore semaphore(1);
  { const SemaphoreAwaiter unused = semaphore.acquire(); }
  CHECK(semaphore.available() == 1);
}

TEST_CASE("one million permits taken at once use constant stack", "[kit][semaphore][stack]") {
  run_test([]() -> Task<void> {
    StackMeter stack;
    Semaphore semaphore(1);
    int taken = 0;
    for (int number = 0; number < one_million; ++number) {
      const Permit permit = co_await semaphore.acquire();
      stack.measure();
      if (permit) ++taken;
    }
    CHECK(taken == one_million);
    CHECK(stack.span() < constant_stack);
  });
}

TEST_CASE("one million permits handed from one to another use constant stack",
          "[kit][semaphore][stack]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    StackMeter stack;
    Semaphore semaphore(1);
    auto taker = [](Semaphore* entry, StackMeter* meter) -> Task<void> {
      for (int number = 0; number < one_million / 2; ++number) {
        const Permit permit = co_await entry->acquire();
        meter->measure();
      }
    };
    auto both = gather(taker(&semaphore, &stack), taker(&semaphore, &stack));
    co_await std::move(both);
    CHECK(stack.span() < constant_stack);
  });
}

}  // namespace
}  // namespace reqivo::test
