#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <string>

#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"
#include "support/run_test.hpp"

namespace reqivo::test {
namespace {

using std::chrono::milliseconds;

TEST_CASE("run gives the task's value or throws its exception", "[kit][run]") {
  const ManualTime time;
  CHECK(run(value_of(3)) == 3);
  CHECK_NOTHROW(run(sleep(milliseconds(1))));
  CHECK_THROWS_AS(run(fail_with("bad")), std::runtime_error);
  auto later = []() -> Task<std::string> {
    co_await sleep(milliseconds(1));
    co_return "later";
  };
  CHECK(run(later()) == "later");
}

TEST_CASE("run takes any awaitable", "[kit][run]") {
  const ManualTime time;
  CHECK(run(create_task(value_of(4))) == 4);
  Semaphore semaphore(1);
  CHECK(run(semaphore.acquire()));
}

TEST_CASE("run drives the platform's own loop", "[kit][run]") {
  auto body = []() -> Task<int> {
    co_await sleep(milliseconds(1));
    co_await sleep(milliseconds(0));
    co_return 5;
  };
  for (int times = 0; times < 3; ++times) CHECK(run(body()) == 5);
}

TEST_CASE("run inside of run is a logic_error and leaves the outer one running", "[kit][run]") {
  const ManualTime time;
  run_test([]() -> Task<void> {
    CHECK_THROWS_AS(run(value_of(1)), std::logic_error);
    co_await sleep(milliseconds(1));
    CHECK_THROWS_AS(run(sleep(milliseconds(1))), std::logic_error);
  });
}

TEST_CASE("run inside of a task that was created outside is a logic_error", "[kit][run]") {
  const ManualTime time;
  auto body = []() -> Task<void> {
    CHECK_THROWS_AS(run(value_of(1)), std::logic_error);
    co_return;
  };
  const JoinHandle<void> handle = create_task(body());
  CHECK(handle.done());
}

TEST_CASE("run of a task that nothing can finish is a logic_error and destroys it", "[kit][run]") {
  Gate gate;
  int destroyed = 0;
  SECTION("on a manual loop") {
    const ManualTime time;
    CHECK_THROWS_AS(run(hold(&gate, &destroyed)), std::logic_error);
  }
  SECTION("on the platform's own loop") {
    CHECK_THROWS_AS(run(hold(&gate, &destroyed)), std::logic_error);
  }
  SECTION("on the platform's own loop, after a timer was set and taken out") {
    auto body = [](Gate* at, int* count) -> Task<void> {
      co_await wait_for(sleep(milliseconds(0)), std::chrono::hours(1));
      co_await hold(at, count);
    };
    CHECK_THROWS_AS(run(body(&gate, &destroyed)), std::logic_error);
  }
  CHECK(destroyed == 1);
  CHECK(run(value_of(2)) == 2);  // and the loop is as good as before
}

TEST_CASE("a task that is left over goes on in the next run", "[kit][run]") {
  const ManualTime time;
  int destroyed = 0;
  auto body = [](int* count) -> Task<void> {
    const Witness witness(count);
    co_await sleep(milliseconds(10));
  };
  create_task(body(&destroyed)).detach();
  run(sleep(milliseconds(1)));
  CHECK(destroyed == 0);
  run(sleep(milliseconds(20)));
  CHECK(destroyed == 1);
}

TEST_CASE("the exit code is the task's value, or 0", "[kit][run_main]") {
  const ManualTime time;
  CHECK(run_main(value_of(7)) == 7);
  CHECK(run_main(sleep(milliseconds(1))) == 0);
}

TEST_CASE("an exception that leaves the program gives exit code 1", "[kit][run_main]") {
  const ManualTime time;
  CHECK(run_main(fail_with("(expected on standard error, from a test)")) == 1);
  auto strange = []() -> Task<void> {
    co_await sleep(milliseconds(1));
    throw 5;
  };
  CHECK(run_main(strange()) == 1);
  CHECK(run_main(Task<void>()) == 1);
}

TEST_CASE("a program that nothing can finish gives exit code 1", "[kit][run_main]") {
  Gate gate;
  int destroyed = 0;
  CHECK(run_main(hold(&gate, &destroyed)) == 1);
  CHECK(destroyed == 1);
}

Task<void> wake_each_other(Gate* mine, Gate* other, const bool* stop, long* turns) {
  while (!*stop) {
    mine->shut();
    other->open();
    co_await mine->wait();
    ++*turns;
  }
  other->open();
}

Task<long> ping_pong_until(Duration limit) {
  Gate one;
  Gate two;
  bool stop = false;
  long turns = 0;
  const JoinHandle<void> ping = create_task(wake_each_other(&one, &two, &stop, &turns));
  const JoinHandle<void> pong = create_task(wake_each_other(&two, &one, &stop, &turns));
  co_await sleep(limit);
  stop = true;
  co_return turns;
}

TEST_CASE("tasks that wake each other for ever do not starve a timer", "[kit][run]") {
  CHECK(run(ping_pong_until(milliseconds(5))) > 1);
}

}  // namespace
}  // namespace reqivo::test
