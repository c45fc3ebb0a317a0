// An event loop with a clock that a test moves: waiting costs nothing, and nothing depends on the
// machine's speed.
#pragma once

#include <memory>
#include <optional>
#include <reqivo/detail/duration.hpp>

#include "platform/event_loop.hpp"
#include "scheduler.hpp"

namespace reqivo::test {

/// Does no more than the seam asks of a platform: it turns the scheduler only where it was asked to
/// by `wake_soon` or `timer_due_at`, so that a scheduler that forgets to ask hangs here as it would
/// in a browser.
class ManualLoop final : public detail::EventLoop {
 public:
  explicit ManualLoop(detail::Scheduler& scheduler) noexcept : scheduler_(scheduler) {}

  [[nodiscard]] detail::TimePoint now() const noexcept override { return now_; }
  void wake_soon() noexcept override { turn_wanted_ = true; }
  void timer_due_at(detail::TimePoint when) noexcept override;
  /// Whenever nothing is ready, it becomes the time of the earliest timer.
  bool run_until(const bool& done) override;

  /// Resumes what is ready and lets `wait` pass, timer by timer.
  void advance(Duration wait);
  /// The same without resuming anything, as where a coroutine works for so long.
  void pass(Duration wait) noexcept { now_ = detail::saturating_add(now_, wait); }

 private:
  /// One turn, at the time it is. False: none is wanted.
  bool turn();
  void run_ready();

  detail::Scheduler& scheduler_;
  detail::TimePoint now_{std::chrono::hours(1)};
  std::optional<detail::TimePoint> timer_;
  bool turn_wanted_ = false;
};

/// While it lives, this thread runs in a time of its own: `run`, `sleep` and every deadline.
class ManualTime {
 public:
  ManualTime();
  ManualTime(const ManualTime&) = delete;
  ManualTime& operator=(const ManualTime&) = delete;
  ~ManualTime();

  /// How far the clock has been moved.
  [[nodiscard]] std::chrono::nanoseconds passed() const { return loop().now() - start_; }
  /// Resumes what is ready, without moving the clock.
  void settle() { advance(std::chrono::seconds(0)); }
  void advance(Duration wait) { loop().advance(wait); }
  /// A coroutine works for so long: nothing is resumed meanwhile.
  void pass(Duration wait) noexcept { loop().pass(wait); }
  [[nodiscard]] bool has_timers() const { return scheduler_->earliest_timer().has_value(); }
  /// Ends the scheduler as the end of its thread does; nothing else may be called after it.
  void end_thread();

 private:
  [[nodiscard]] ManualLoop& loop() const { return static_cast<ManualLoop&>(scheduler_->loop()); }

  std::unique_ptr<detail::Scheduler> scheduler_;
  detail::TimePoint start_;
  detail::Scheduler* previous_;
};

}  // namespace reqivo::test
