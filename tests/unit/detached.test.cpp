// What happens to tasks that nobody awaits, and to their failures.
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/async.hpp>
#include <string>
#include <vector>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/run_test.hpp"
#include "support/unhandled.hpp"

namespace reqivo::test {
namespace {

using std::chrono::milliseconds;

Task<void> fail_at_gate(Gate* gate, std::string text) {
  co_await gate->wait();
  throw std::runtime_error(text);
}

TEST_CASE("a detached task goes on, and is destroyed when it ends", "[kit][join_handle]") {
  const UnhandledExceptions reports;
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto body = [](Witness, Gate* at) -> Task<void> { co_await at->wait(); };
  create_task(body(Witness(&destroyed), &gate)).detach();
  CHECK(gate.waiting() == 1);
  gate.open();
  time.settle();
  CHECK(destroyed == 1);  // with its arguments
  CHECK(reports.texts().empty());
}

TEST_CASE("a detached task that fails is reported", "[kit][join_handle]") {
  const UnhandledExceptions reports;
  ManualTime time;
  Gate gate;
  create_task(fail_at_gate(&gate, "later")).detach();
  create_task(fail_with("before")).detach();
  REQUIRE(reports.texts().size() == 1);
  CHECK(reports.texts()[0] == "before");
  gate.open();
  time.settle();
  REQUIRE(reports.texts().size() == 2);
  CHECK(reports.texts()[1] == "later");
}

TEST_CASE("a failed task whose handle is dropped before it was awaited is reported",
          "[kit][join_handle]") {
  const UnhandledExceptions reports;
  ManualTime time;
  Gate gate;
  {
    const JoinHandle<int> at_once = create_task(fail_with("at once"));
    const JoinHandle<void> later = create_task(fail_at_gate(&gate, "later"));
    gate.open();
    time.settle();
    CHECK(later.done());
    CHECK(reports.texts().empty());
  }
  REQUIRE(reports.texts().size() == 2);
  CHECK(reports.texts()[0] == "later");
  CHECK(reports.texts()[1] == "at once");
}

TEST_CASE("a failure that was awaited, and a task that was cancelled, are not reported",
          "[kit][join_handle]") {
  const UnhandledExceptions reports;
  run_test([]() -> Task<void> {
    Gate gate;
    int destroyed = 0;
    const bool failed = co_await fails<std::runtime_error>([]() -> Task<void> {
      JoinHandle<int> handle = create_task(fail_with("seen"));
      co_await handle;
    }());
    CHECK(failed);
    JoinHandle<void> cancelled = create_task(hold(&gate, &destroyed));
    cancelled.cancel();
  });
  CHECK(reports.texts().empty());
}

TEST_CASE("an empty handler restores the default", "[kit][join_handle]") {
  set_unhandled_exception_handler([](std::exception_ptr) { FAIL("the old handler was called"); });
  set_unhandled_exception_handler({});
  const ManualTime time;
  create_task(fail_with("(expected on standard error, from a test)")).detach();
}

TEST_CASE("the end of the thread destroys detached tasks, wherever they are",
          "[kit][join_handle]") {
  const UnhandledExceptions reports;
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto sleeper = [](int* count) -> Task<void> {
    const Witness witness(count);
    co_await sleep(std::chrono::hours(1));
  };
  auto waiter = [](Semaphore* semaphore, int* count) -> Task<void> {
    const Witness witness(count);
    const Permit held = co_await semaphore->acquire();
    co_await sleep(std::chrono::hours(1));
  };
  Semaphore semaphore(1);
  create_task(sleeper(&destroyed)).detach();
  create_task(hold(&gate, &destroyed)).detach();
  create_task(waiter(&semaphore, &destroyed)).detach();
  create_task(waiter(&semaphore, &destroyed)).detach();
  create_task(gather(sleeper(&destroyed), hold(&gate, &destroyed))).detach();
  create_task(wait_for(sleeper(&destroyed), std::chrono::hours(2))).detach();
  CHECK(destroyed == 0);
  time.end_thread();
  CHECK(destroyed == 7);
  CHECK(gate.waiting() == 0);
  CHECK(semaphore.available() == 1);
  CHECK(reports.texts().empty());
}

/// Starts another detached task when it is destroyed.
class Sower {
 public:
  Sower(Gate* gate, int* destroyed) noexcept : gate_(gate), destroyed_(destroyed) {}
  Sower(const Sower&) = delete;
  Sower& operator=(const Sower&) = delete;
  ~Sower() { create_task(hold(gate_, destroyed_)).detach(); }

 private:
  Gate* gate_;
  int* destroyed_;
};

TEST_CASE("the end of the thread destroys what is detached while it goes on",
          "[kit][join_handle]") {
  ManualTime time;
  Gate gate;
  int destroyed = 0;
  auto body = [](Gate* at, int* count) -> Task<void> {
    const Sower sower(at, count);
    co_await at->wait();
  };
  create_task(body(&gate, &destroyed)).detach();
  time.end_thread();
  CHECK(destroyed == 1);
  CHECK(gate.waiting() == 0);
}

TEST_CASE("a handle that outlives its thread's loop still destroys its task",
          "[kit][join_handle]") {
  ManualTime time;
  int destroyed = 0;
  auto body = [](Semaphore semaphore, int* count) -> Task<void> {
    const Witness witness(count);
    const Permit permit = co_await semaphore.acquire();
    co_await sleep(std::chrono::hours(1));
  };
  {
    JoinHandle<void> handle = create_task(body(Semaphore(1), &destroyed));
    JoinHandle<void> other = create_task(body(Semaphore(1), &destroyed));
    JoinHandle<void> detached = create_task(body(Semaphore(1), &destroyed));
    time.end_thread();
    CHECK(destroyed == 0);
    handle.cancel();
    CHECK(destroyed == 1);
    detached.detach();
    CHECK(destroyed == 2);
  }
  CHECK(destroyed == 3);
}

}  // namespace
}  // namespace reqivo::test
