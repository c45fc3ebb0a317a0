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
      reactor_(make_reactor(context_, [this, alive = alive_] {
        if (!*alive) return;
        reactor_->dispatch(Reactor::Wait::no);
        wake_soon();  // behind what else Asio has ready: it came first
      })) {}

AsioEventLoop::~AsioEventLoop() { *alive_ = false; }

AsioEventLoop& AsioEventLoop::current() {
  return static_cast<AsioEventLoop&>(detail::Scheduler::current().loop());
}

detail::TimePoint AsioEventLoop::now() const noexcept { return std::chrono::steady_clock::now(); }

void AsioEventLoop::lend_context() {
  if (std::exchange(lent_, true)) return;
  // A task that is started outside of any turn may wait at once, for a socket that Asio does not
  // watch yet.
  reactor_->on_waiter([this, alive = alive_] {
    if (*alive) wake_soon();
  });
  if (driven_) return;
  if (scheduler_.has_work()) wake_soon();
  arm();
}

void AsioEventLoop::wake_soon() noexcept {
  // While `run_until` drives, it turns the scheduler before it blocks; its next call does, where
  // nobody else can drive.
  if (!waits_outside() || wake_posted_) return;
  wake_posted_ = true;
  asio::post(*context_, [this, alive = alive_] {
    if (*alive) turn_from_outside();
  });
}

void AsioEventLoop::timer_due_at(detail::TimePoint when) noexcept {
  if (!waits_outside()) return;
  reactor_->set_alarm(when);
  arm();
}

void AsioEventLoop::turn_from_outside() noexcept {
  const bool more = !driven_ && scheduler_.turn();
  wake_posted_ = false;  // only now: whatever the turn begins to wait for, `arm` sees to it
  if (more) wake_soon();
  if (!driven_) arm();
}

bool AsioEventLoop::set_alarm() noexcept {
  if (const auto earliest = scheduler_.earliest_timer()) reactor_->set_alarm(*earliest);
  return scheduler_.awaits_timer() || reactor_->awaited();
}

void AsioEventLoop::arm() {
  if (set_alarm()) {
    reactor_->arm();
  } else {
    reactor_->disarm();
  }
}

/// While it lives, `run_until` turns the scheduler; afterwards whoever drives the context does.
class AsioEventLoop::Driven {
 public:
  explicit Driven(AsioEventLoop& loop) noexcept : loop_(loop) { loop_.driven_ = true; }
  Driven(const Driven&) = delete;
  Driven& operator=(const Driven&) = delete;
  ~Driven() {
    loop_.driven_ = false;
    if (!loop_.lent_) return;
    // Out of work, Asio has stopped; who drives it next may have some.
    if (loop_.context_->stopped()) loop_.context_->restart();
    if (loop_.scheduler_.has_work()) loop_.wake_soon();
    loop_.arm();
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
    progress = lent_ || *asio_uses_ > 0 ? wait_in_asio(more) : wait_in_reactor(more);
  }
  return done;
}

bool AsioEventLoop::wait_in_reactor(bool more_to_do) noexcept {
  if (!set_alarm() && !more_to_do) return false;
  reactor_->dispatch(more_to_do ? Reactor::Wait::no : Reactor::Wait::until_something_comes);
  return true;
}

bool AsioEventLoop::wait_in_asio(bool more_to_do) {
  arm();
  if (context_->stopped()) context_->restart();
  if (!more_to_do) return context_->run_one() > 0;
  context_->poll();
  return true;
}

}  // namespace reqivo::native

namespace reqivo::detail {

std::unique_ptr<EventLoop> make_event_loop(Scheduler& scheduler) {
  return std::make_unique<native::AsioEventLoop>(scheduler);
}

int run_program(Task<int> program) { return run(std::move(program)); }

}  // namespace reqivo::detail
