// The seam to the platform's event loop: time, one timer, being called back, and blocking.
#pragma once

#include <memory>
#include <reqivo/detail/task.hpp>
#include <reqivo/detail/timer.hpp>

namespace reqivo::detail {

class Scheduler;

/// One thread's event loop. It calls `Scheduler::turn()` whenever something may have become ready.
class EventLoop {
 public:
  EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  virtual ~EventLoop() = default;

  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
  /// Has `Scheduler::turn()` called soon, from the loop and not from inside this call. Cheap to
  /// repeat.
  virtual void wake_soon() noexcept = 0;
  /// The earliest timer is now due at `when`: `Scheduler::turn()` is to be called then or a little
  /// later. What becomes the earliest by a turn is not told: after each the loop asks
  /// `Scheduler::earliest_timer()`.
  virtual void timer_due_at(TimePoint when) noexcept = 0;
  /// Blocks and drives the loop until `done` is true. False: nothing is left in the loop that could
  /// change that. Only where `capabilities().blocking` is true.
  virtual bool run_until(const bool& done) = 0;
};

/// Makes this thread's loop. `scheduler` outlives it.
[[nodiscard]] std::unique_ptr<EventLoop> make_event_loop(Scheduler& scheduler);

/// What `run_main` does on this platform; `program` never throws.
int run_program(Task<int> program);

}  // namespace reqivo::detail
