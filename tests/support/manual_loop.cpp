#include "support/manual_loop.hpp"

#include <algorithm>
#include <utility>

namespace reqivo::test {

void ManualLoop::timer_due_at(detail::TimePoint when) noexcept {
  timer_ = timer_ ? std::min(*timer_, when) : when;
}

bool ManualLoop::turn() {
  const bool due = timer_ && *timer_ <= now_;
  if (!turn_wanted_ && !due) return false;
  turn_wanted_ = false;
  turn_wanted_ = scheduler_.turn() || turn_wanted_;
  timer_ = scheduler_.earliest_timer();
  return true;
}

void ManualLoop::run_ready() {
  while (turn()) {
  }
}

bool ManualLoop::run_until(const bool& done) {
  while (!done) {
    if (turn()) continue;
    if (!timer_) return false;
    now_ = std::max(now_, *timer_);
  }
  return true;
}

void ManualLoop::advance(Duration wait) {
  const detail::TimePoint end = detail::saturating_add(now_, wait);
  run_ready();
  while (timer_ && *timer_ <= end) {
    now_ = std::max(now_, *timer_);
    run_ready();
  }
  now_ = end;
}

namespace {

std::unique_ptr<detail::EventLoop> make_manual_loop(detail::Scheduler& scheduler) {
  return std::make_unique<ManualLoop>(scheduler);
}

}  // namespace

ManualTime::ManualTime()
    : scheduler_(std::make_unique<detail::Scheduler>(make_manual_loop)),
      start_(loop().now()),
      previous_(detail::Scheduler::exchange_current(scheduler_.get())) {}

void ManualTime::end_thread() {
  scheduler_.reset();  // with its detached tasks, while it is still this thread's
  detail::Scheduler::exchange_current(nullptr);
}

ManualTime::~ManualTime() {
  end_thread();
  detail::Scheduler::exchange_current(previous_);
}

}  // namespace reqivo::test
