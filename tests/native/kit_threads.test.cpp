// The kit on threads with loops of their own, and on stacks as small as they may be.
#include <pthread.h>

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <memory>
#include <reqivo/async.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/coroutines.hpp"

namespace reqivo::test {
namespace {

using std::chrono::milliseconds;

Task<int> worker(Semaphore* semaphore, int number) {
  const Permit permit = co_await semaphore->acquire();
  co_await sleep(std::chrono::microseconds(number % 7));
  if (number % 5 == 0) throw std::runtime_error("five");
  co_return number;
}

Generator<int> slow_numbers(int last) {
  for (int number = 1; number <= last; ++number) {
    co_await sleep(std::chrono::microseconds(1));
    co_yield number;
  }
}

/// A little of everything; gives how many of its 50 workers failed.
Task<int> everything() {
  Semaphore semaphore(3);
  std::vector<Task<int>> workers;
  for (int number = 0; number < 50; ++number) workers.push_back(worker(&semaphore, number));
  const auto results = co_await gather(std::move(workers), return_exceptions);
  int failed = 0;
  for (const auto& result : results) failed += result ? 0 : 1;
  Generator<int> numbers = slow_numbers(10);
  int sum = 0;
  while (auto number = co_await numbers.next()) sum += *number;
  JoinHandle<void> cancelled = create_task(sleep(std::chrono::hours(1)));
  const bool late =
      co_await fails<WaitTimeoutError>(wait_for(sleep(std::chrono::hours(1)), milliseconds(1)));
  cancelled.cancel();
  create_task(sleep(std::chrono::hours(1))).detach();
  create_task(fail_with("reported")).detach();
  co_return late&& sum == 55 ? failed : -1;
}

TEST_CASE("each of many threads runs a loop of its own", "[kit][threads][tsan]") {
  std::atomic<int> reported = 0;
  std::atomic<int> failed = 0;
  set_unhandled_exception_handler([&reported](std::exception_ptr) { ++reported; });
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&failed] {
      for (int times = 0; times < 5; ++times) failed += run(everything());
    });
  }
  for (auto& thread : threads) thread.join();
  set_unhandled_exception_handler({});
  CHECK(failed == 8 * 5 * 10);
  CHECK(reported == 8 * 5);
}

TEST_CASE("the end of a thread destroys its detached tasks", "[kit][threads][tsan]") {
  int destroyed = 0;
  Semaphore semaphore(1);
  auto sleeper = [](Semaphore* entry, int* count) -> Task<void> {
    const Witness witness(count);
    const Permit permit = co_await entry->acquire();
    co_await wait_for(sleep(std::chrono::hours(1)), std::chrono::hours(2));
  };
  std::thread thread([&] {
    create_task(sleeper(&semaphore, &destroyed)).detach();
    create_task(sleeper(&semaphore, &destroyed)).detach();
    run(sleep(milliseconds(1)));
  });
  thread.join();
  CHECK(destroyed == 2);
  CHECK(semaphore.available() == 1);
}

TEST_CASE("a handle that is destroyed after its thread's loop destroys its task",
          "[kit][threads][tsan]") {
  int destroyed = 0;
  auto sleeper = [](int* count) -> Task<void> {
    const Witness witness(count);
    co_await sleep(std::chrono::hours(1));
  };
  std::thread thread([&] {
    // Made before the loop, and so destroyed after it.
    thread_local JoinHandle<void> left_over;
    left_over = JoinHandle<void>();
    left_over = create_task(sleeper(&destroyed));
  });
  thread.join();
  CHECK(destroyed == 1);
}

void* call(void* function) {
  (*static_cast<std::function<void()>*>(function))();
  return nullptr;
}

/// Runs it on a thread with 256 KiB of stack.
void on_small_stack(std::function<void()> function) {
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, std::size_t{256} * 1024) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, call, &function) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

Task<long> a_million_of_each() {
  long sum = 0;
  Semaphore semaphore(1);
  for (int number = 0; number < one_million; ++number) {
    sum += co_await value_of(1);
    const Permit permit = co_await semaphore.acquire();
  }
  auto ones = []() -> Generator<int> {
    for (int number = 0; number < one_million; ++number) co_yield 1;
  };
  Generator<int> numbers = ones();
  while (auto number = co_await numbers.next()) sum += *number;
  std::vector<Task<int>> tasks;
  for (int number = 0; number < one_million; ++number) tasks.push_back(value_of(1));
  const std::vector<int> values = co_await gather(std::move(tasks));
  for (const int value : values) sum += value;
  for (int number = 0; number < one_million; ++number) {
    JoinHandle<int> handle = create_task(value_of(1));
    sum += co_await handle;
  }
  co_return sum;
}

TEST_CASE("a million of each that finish at once fit on a stack of 256 KiB", "[kit][stack]") {
  long sum = 0;
  on_small_stack([&sum] { sum = run(a_million_of_each()); });
  CHECK(sum == 4L * one_million);
}

Task<void> wait_and_join(Gate* gate, JoinHandle<void> previous) {
  co_await gate->wait();
  co_await previous;
}

TEST_CASE("a hundred thousand tasks, each woken by the one before, fit on a stack of 256 KiB",
          "[kit][stack]") {
  bool done = false;
  on_small_stack([&done] {
    Gate gate;
    JoinHandle<void> last = create_task(sleep(milliseconds(0)));
    std::vector<JoinHandle<void>> all;
    for (int number = 0; number < 100'000; ++number) {
      all.push_back(create_task(wait_and_join(&gate, std::move(last))));
      last = create_task(sleep(milliseconds(0)));
    }
    gate.open();
    run(std::move(all.back()));
    done = true;
  });
  CHECK(done);
}

}  // namespace
}  // namespace reqivo::test
