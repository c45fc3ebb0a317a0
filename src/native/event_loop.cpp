#include "native/event_loop.hpp"

#include <asio/post.hpp>
#include <chrono>
#include <reqivo/async.hpp>
#include <utility>

#include "scheduler.hpp"

namespace reqivo::native {

// UNSAFE_IO: no lock around each descriptor, since only this thread touches them. Posting stays
// thread safe: the resolver's threads do it.
AsioEventLoop::AsioEventLoop(detail::Scheduler& scheduler)
    : scheduler_(scheduler),
      context_(std::make_shared<asio::io_context>(ASIO_CONCURRENCY_HINT_UNSAFE_IO)),
      timer_(*context_) {}

AsioEventLoop::~AsioEventLoop() { *alive_ = false; }

AsioEventLoop& AsioEventLoop::current() {
  return static_cast<AsioEventLoop&>(detail::Scheduler::current().loop());
}

detail::TimePoint AsioEventLoop::now() const noexcept { return std::chrono::steady_clock::now(); }

void AsioEventLoop::wake_soon() noexcept {
  // While `run_until` drives, it turns the scheduler before it blocks. Otherwise someone else
  // drives the context, or nobody does yet.
  if (driven_ || wake_posted_) return;
  wake_posted_ = true;
  asio::post(*context_, [this, alive = alive_] {
    if (!*alive) return;
    wake_posted_ = false;
    turn_from_outside();
  });
}

void AsioEventLoop::timer_due_at(detail::TimePoint when) noexcept {
  if (armed_for_ && *armed_for_ <= when) return;
  armed_for_ = when;
  timer_.expires_at(when);
  timer_.async_wait([this, alive = alive_](const std::error_code& error) {
    if (error || !*alive) return;  // moved to an earlier time, or the loop is gone
    armed_for_.reset();
    turn_from_outside();
  });
}

void AsioEventLoop::turn_from_outside() noexcept {
  if (driven_) return;
  if (scheduler_.turn()) wake_soon();
  arm_timer();
}

void AsioEventLoop::arm_timer() noexcept {
  if (const auto earliest = scheduler_.earliest_timer()) timer_due_at(*earliest);
}

void AsioEventLoop::disarm_timer() noexcept {
  if (!armed_for_) return;
  armed_for_.reset();
  timer_.cancel();
}

/// While it lives, `run_until` turns the scheduler; afterwards whoever drives the context does.
class AsioEventLoop::Driven {
 public:
  explicit Driven(AsioEventLoop& loop) noexcept : loop_(loop) { loop_.driven_ = true; }
  Driven(const Driven&) = delete;
  Driven& operator=(const Driven&) = delete;
  ~Driven() {
    loop_.driven_ = false;
    if (loop_.scheduler_.has_work()) loop_.wake_soon();
    loop_.arm_timer();
  }

 private:
  AsioEventLoop& loop_;
};

bool AsioEventLoop::run_until(const bool& done) {
  const Driven driven(*this);
  bool progress = true;
  while (!done && progress) {
    const bool more = scheduler_.turn();
    if (done) break;
    arm_timer();
    if (context_->stopped()) context_->restart();
    if (more) {
      context_->poll();
    } else {
      if (!scheduler_.earliest_timer()) disarm_timer();
      progress = context_->run_one() > 0;
    }
  }
  return done;
}

}  // namespace reqivo::native

namespace reqivo::detail {

std::unique_ptr<EventLoop> make_event_loop(Scheduler& scheduler) {
  return std::make_unique<native::AsioEventLoop>(scheduler);
}

int run_program(Task<int> program) { return run(std::move(program)); }

}  // namespace reqivo::detail
