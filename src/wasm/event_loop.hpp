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

  /// This thread's. Only where the thread's loop is the platform's own.
  [[nodiscard]] static WasmEventLoop& current();

  [[nodiscard]] detail::TimePoint now() const noexcept override;
  void wake_soon() noexcept override;
  void timer_due_at(detail::TimePoint when) noexcept override;
  bool run_until(const bool& done) override;

  /// Something is under way outside that will call in: it keeps a blocked `run` waiting.
  void operation_began() noexcept { ++operations_; }
  void operation_ended() noexcept { --operations_; }

  /// What every call of JavaScript into C++ ends with, with nothing of ours on the stack: one turn
  /// of this thread's loop. `timer`: it was the timer that called. 1: the suspended program may go
  /// on.
  [[nodiscard]] static int turn_from_outside(bool timer = false);

 private:
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
