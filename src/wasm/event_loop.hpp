// The event loop of a page, a worker or Node, as Reqivo sees it. The browser drives it; C++ only
// answers.
#pragma once

#include <cstddef>
#include <optional>

#include "platform/event_loop.hpp"

namespace reqivo::wasm {

class WasmEventLoop final : public detail::EventLoop {
 public:
  explicit WasmEventLoop(detail::Scheduler& scheduler) noexcept;
  ~WasmEventLoop() override;

  [[nodiscard]] detail::TimePoint now() const noexcept override;
  void wake_soon() noexcept override;
  void timer_due_at(detail::TimePoint when) noexcept override;
  bool run_until(const bool& done) override;

  /// Something is under way outside that will call this thread's loop: it keeps a blocked `run`
  /// waiting. What is destroyed after the loop may tell its end all the same.
  static void operation_began() noexcept;
  static void operation_ended() noexcept;

  /// A call of JavaScript into C++, with nothing of ours on the stack: `tell` wakes whom it
  /// concerns, and one turn of this thread's loop follows. 1: the suspended program may go on.
  template <class Tell>
  [[nodiscard]] static int call_in(Tell tell) {
    begin_call();
    tell();
    return turn_from_outside(false);
  }
  /// The same with nothing to tell. `timer`: a timer called, or what stands in for one that is due.
  [[nodiscard]] static int turn_from_outside(bool timer);

 private:
  /// What wakes from here on needs no micro-task: a turn follows.
  static void begin_call() noexcept;
  void turn() noexcept;
  void arm_timer() noexcept;
  [[nodiscard]] bool idle() const noexcept;

  detail::Scheduler& scheduler_;
  std::optional<detail::TimePoint> armed_for_;
  std::size_t operations_ = 0;
  bool wake_asked_ = false;
  const bool* awaited_ = nullptr;  // what a suspended `run_until` waits for
};

}  // namespace reqivo::wasm
