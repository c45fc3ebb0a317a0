#include "wasm/event_loop.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "scheduler.hpp"
#include "wasm/fetch_bridge.hpp"
#include "wasm/program.hpp"

/// emscripten_get_now, which does not say that it does not throw: each call of it would go through
/// JavaScript twice.
extern "C" double milliseconds_now() noexcept __asm__("emscripten_get_now");

namespace reqivo::wasm {
namespace {

/// setTimeout takes a signed 32-bit number of milliseconds; a turn that comes too early does no
/// harm.
constexpr double longest_timer = 2147483647.0;

/// The loop that JavaScript calls into on this thread; null once it is gone.
thread_local WasmEventLoop* entered = nullptr;

double milliseconds_until(detail::TimePoint when, detail::TimePoint now) noexcept {
  if (when <= now) return 0;
  const std::chrono::duration<double, std::milli> wait = when - now;
  return std::min(std::ceil(wait.count()), longest_timer);
}

}  // namespace

WasmEventLoop::WasmEventLoop(detail::Scheduler& scheduler) noexcept : scheduler_(scheduler) {
  entered = this;
}

WasmEventLoop::~WasmEventLoop() {
  entered = nullptr;
  if (armed_for_) reqivo_clear_timer();
}

void WasmEventLoop::operation_began() noexcept {
  if (entered != nullptr) ++entered->operations_;
}

void WasmEventLoop::operation_ended() noexcept {
  if (entered != nullptr) --entered->operations_;
}

// The clock that std::chrono::steady_clock reads, too, without three layers and their error in
// between.
detail::TimePoint WasmEventLoop::now() const noexcept {
  const std::chrono::duration<double, std::milli> since_origin(milliseconds_now());
  return detail::TimePoint(std::chrono::duration_cast<detail::TimePoint::duration>(since_origin));
}

void WasmEventLoop::wake_soon() noexcept {
  if (wake_asked_) return;
  wake_asked_ = true;
  reqivo_wake_soon();
}

void WasmEventLoop::timer_due_at(detail::TimePoint when) noexcept {
  if (armed_for_ && *armed_for_ <= when) return;
  armed_for_ = when;
  const double wait = milliseconds_until(when, now());
  if (wait > 0) {
    reqivo_set_timer(wait);
  } else {
    // A timer that is due already: browsers hold nested ones back for 4 ms.
    reqivo_clear_timer();
    reqivo_wake_later();
  }
}

void WasmEventLoop::turn() noexcept {
  wake_asked_ = false;
  if (scheduler_.turn() && !wake_asked_) {
    // More than a turn's share is ready: the page's own work goes first.
    wake_asked_ = true;
    reqivo_wake_later();
  }
  arm_timer();
}

void WasmEventLoop::arm_timer() noexcept {
  if (const auto earliest = scheduler_.earliest_timer()) {
    timer_due_at(*earliest);
  } else if (armed_for_) {
    armed_for_.reset();
    reqivo_clear_timer();
  }
}

bool WasmEventLoop::idle() const noexcept {
  return operations_ == 0 && !wake_asked_ && !scheduler_.has_work() && !scheduler_.earliest_timer();
}

void WasmEventLoop::begin_call() noexcept {
  if (entered == nullptr) return;
  entered->scheduler_.forget_stack();
  entered->wake_asked_ = true;
}

int WasmEventLoop::turn_from_outside(bool timer) {
  if (entered == nullptr) return 0;
  WasmEventLoop& loop = *entered;
  loop.scheduler_.forget_stack();
  if (timer) loop.armed_for_.reset();
  loop.turn();
  end_program_if_done();
  return loop.awaited_ != nullptr && (*loop.awaited_ || loop.idle()) ? 1 : 0;
}

bool WasmEventLoop::run_until(const bool& done) {
  turn();
  if (done || idle()) return done;
  awaited_ = &done;
  reqivo_suspend();
  awaited_ = nullptr;
  return done;
}

}  // namespace reqivo::wasm

namespace reqivo::detail {

std::unique_ptr<EventLoop> make_event_loop(Scheduler& scheduler) {
  return std::make_unique<wasm::WasmEventLoop>(scheduler);
}

}  // namespace reqivo::detail

int reqivo_turn(int timer) { return reqivo::wasm::WasmEventLoop::turn_from_outside(timer != 0); }
