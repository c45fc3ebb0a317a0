// Supervised steps: outcomes, deadlines, and being stopped.
#include "supervise.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <optional>
#include <reqivo/async.hpp>
#include <stdexcept>

#include "outcomes.hpp"
#include "support/coroutines.hpp"
#include "support/manual_loop.hpp"

namespace reqivo::detail {
namespace {

using namespace std::chrono_literals;
using test::failure_of;
using test::ManualTime;
using test::value_of;

/// Everything a supervised step needs.
class Setting {
 public:
  explicit Setting(const Timeout& limits = Timeout()) {
    ResolvedTimeout resolved;
    resolved.apply(limits);
    deadline.emplace(resolved, loop.now());
  }
  EventLoop& loop = Scheduler::current().loop();
  ExchangeProgress progress{loop, loop.now()};
  std::optional<Deadline> deadline;
  Supervisor supervisor;
  int alive = 0;
};

/// Counts itself while it lives.
class Alive {
 public:
  explicit Alive(int& count) : count_(count) { ++count_; }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --count_; }

 private:
  int& count_;
};

Task<Outcome<int>> work(Setting& setting, std::chrono::milliseconds wait) {
  const Alive alive(setting.alive);
  if (wait > 0ms) co_await sleep(wait);
  co_return 42;
}

Task<Outcome<int>> supervise(Setting& setting, Task<Outcome<int>> task) {
  Supervised<int> step(std::move(task), setting.supervisor, *setting.deadline, setting.progress,
                       setting.loop);
  co_return co_await step;
}

TEST_CASE("a step gives its task's outcome, at once or later") {
  const ManualTime time;
  Setting setting;
  CHECK(value_of(run(supervise(setting, work(setting, 0ms)))) == 42);
  CHECK(value_of(run(supervise(setting, work(setting, 10ms)))) == 42);
  const auto failing = []() -> Task<Outcome<int>> {
    co_return Failure(ErrorCode::dns, Phase::resolve, "no");
  };
  CHECK(failure_of(run(supervise(setting, failing()))).code == ErrorCode::dns);
  const auto throwing = []() -> Task<Outcome<int>> {
    co_await sleep(1ms);
    throw std::out_of_range("mine");
  };
  CHECK_THROWS_AS(run(supervise(setting, throwing())), std::out_of_range);
  CHECK_FALSE(setting.supervisor.any());
}

TEST_CASE("a limit that runs out destroys the task and is the outcome") {
  const ManualTime time;
  Setting setting(Timeout().total(1s));
  CHECK(failure_of(run(supervise(setting, work(setting, 2s)))).code == ErrorCode::total_timeout);
  CHECK(setting.alive == 0);
  CHECK(time.passed() == 1000ms);
}

TEST_CASE("a task that finishes in the turn in which its limit runs out gives its outcome") {
  ManualTime time;
  Setting setting(Timeout().total(1s));
  const auto pass = [](test::Gate& gate) -> Task<Outcome<int>> {
    co_await gate.wait();
    co_return 42;
  };
  const auto scenario = [](Setting& s, ManualTime& clock, test::Gate& gate,
                           Task<Outcome<int>> task) -> Task<void> {
    auto step = create_task(supervise(s, std::move(task)));
    gate.open();
    clock.pass(1s);
    const int value = value_of(co_await step);
    CHECK(value == 42);
  };
  test::Gate gate;
  run(scenario(setting, time, gate, pass(gate)));
}

TEST_CASE("a limit that becomes the next one when the phase changes is kept") {
  const ManualTime time;
  Setting setting(Timeout().total(10s).read(1s));
  const auto phases = [](Setting& s) -> Task<Outcome<int>> {
    co_await sleep(3s);
    s.progress.enter(Phase::head);
    co_await sleep(500ms);
    s.progress.moved();
    co_await sleep(1h);
    co_return 1;
  };
  CHECK(failure_of(run(supervise(setting, phases(setting)))).code == ErrorCode::read_timeout);
  CHECK(time.passed() == 4500ms);
}

TEST_CASE("a limit that is due earlier than that of the phase before is kept") {
  const ManualTime time;
  Setting setting(Timeout().connect(5s).read(100ms));
  const auto phases = [](Setting& s) -> Task<Outcome<int>> {
    s.progress.enter(Phase::connect);
    co_await sleep(1s);
    s.progress.enter(Phase::head);
    co_await sleep(1h);
    co_return 1;
  };
  CHECK(failure_of(run(supervise(setting, phases(setting)))).code == ErrorCode::read_timeout);
  CHECK(time.passed() == 1100ms);
}

TEST_CASE("stopping the supervisor destroys the task at once and ends the step with closed") {
  const ManualTime time;
  Setting setting;
  const auto scenario = [](Setting& s) -> Task<void> {
    auto step = create_task(supervise(s, work(s, 1h)));
    auto other = create_task(supervise(s, work(s, 1h)));
    CHECK(s.alive == 2);
    CHECK(s.supervisor.stop_all("for this reason"));
    CHECK(s.alive == 0);
    const Failure stopped = failure_of(co_await step);
    CHECK(stopped.code == ErrorCode::closed);
    CHECK(stopped.what == "for this reason");
    const Failure stopped_too = failure_of(co_await other);
    CHECK(stopped_too.code == ErrorCode::closed);
    const Failure late = failure_of(co_await supervise(s, work(s, 0ms)));
    CHECK(late.code == ErrorCode::closed);
  };
  run(scenario(setting));
  CHECK(time.passed() == 0ms);
}

TEST_CASE("a task that stops its own supervisor ends when it next waits") {
  const ManualTime time;
  Setting setting;
  const auto stopping = [](Setting& s, std::chrono::milliseconds before) -> Task<Outcome<int>> {
    const Alive alive(s.alive);
    if (before > 0ms) co_await sleep(before);
    s.supervisor.stop_all("by itself");
    CHECK(s.alive == 1);
    co_await sleep(1h);
    co_return 1;
  };
  CHECK(failure_of(run(supervise(setting, stopping(setting, 0ms)))).what == "by itself");
  Setting other;
  CHECK(failure_of(run(supervise(other, stopping(other, 1ms)))).what == "by itself");
  CHECK(other.alive == 0);
  CHECK(time.passed() == 1ms);
}

TEST_CASE("destroying who awaits a step destroys the step's task") {
  const ManualTime time;
  Setting setting;
  {
    auto step = create_task(supervise(setting, work(setting, 1h)));
    CHECK(setting.supervisor.any());
  }
  CHECK(setting.alive == 0);
  CHECK_FALSE(setting.supervisor.any());
  setting.progress.enter(Phase::head);  // nobody listens any more
}

TEST_CASE("a step whose end takes other steps with it does not disturb stopping") {
  const ManualTime time;
  Setting setting;
  const auto holding = [](Setting& s) -> Task<Outcome<int>> {
    auto inner = create_task(supervise(s, work(s, 1h)));
    co_await sleep(1h);
    co_return 1;
  };
  const auto scenario = [](Setting& s, Task<Outcome<int>> task) -> Task<void> {
    auto outer = create_task(supervise(s, std::move(task)));
    CHECK(s.alive == 1);
    s.supervisor.stop_all("over");
    CHECK(s.alive == 0);
    const Failure stopped = failure_of(co_await outer);
    CHECK(stopped.code == ErrorCode::closed);
  };
  run(scenario(setting, holding(setting)));
}

}  // namespace
}  // namespace reqivo::detail
