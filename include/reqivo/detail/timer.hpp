// A timer of the thread's event loop, for the kit itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <reqivo/detail/duration.hpp>

namespace reqivo::detail {

using TimePoint = std::chrono::steady_clock::time_point;

/// `from` + `wait`, or the end or the beginning of time where that would overflow.
[[nodiscard]] constexpr TimePoint saturating_add(TimePoint from, Duration wait) noexcept {
  const std::chrono::nanoseconds start = from.time_since_epoch();
  const std::chrono::nanoseconds added = wait.nanoseconds();
  std::chrono::nanoseconds::rep sum = 0;
  if (__builtin_add_overflow(start.count(), added.count(), &sum)) {
    return added.count() < 0 ? TimePoint::min() : TimePoint::max();
  }
  return TimePoint(std::chrono::nanoseconds(sum));
}

// Nobody destroys one by its base: the destructor is protected. g++ warns for the friend's sake.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

/// Base of whatever waits for a point in time. Destroying it takes it out of the loop.
class TimerNode {
 public:
  enum class Purpose : unsigned char {
    awaited,       ///< somebody waits for what it does
    housekeeping,  ///< a loop that has nothing else to wait for need not wait for it
  };

  TimerNode() noexcept = default;
  explicit TimerNode(Purpose purpose) noexcept : purpose_(purpose) {}
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  [[nodiscard]] bool scheduled() const noexcept { return position_ != not_scheduled; }

 protected:
  ~TimerNode() {
    if (scheduled()) cancel();
  }
  /// Has `expired` called once `wait` from now; replaces an earlier call.
  void schedule_after(Duration wait);
  /// Has `expired` called once at `when`; replaces an earlier call.
  void schedule_at(TimePoint when);
  void cancel() noexcept;
  /// Called by the loop with no coroutine on the stack. May only take note, wake and schedule anew.
  virtual void expired() noexcept = 0;

 private:
  friend class TimerQueue;
  static constexpr std::size_t not_scheduled = static_cast<std::size_t>(-1);
  std::size_t position_ = not_scheduled;
  Purpose purpose_ = Purpose::awaited;
};

#pragma GCC diagnostic pop

}  // namespace reqivo::detail
