#include "scheduler.hpp"

#include <chrono>
#include <reqivo/capabilities.hpp>
#include <string>

#include "concatenate.hpp"
#include "misuse.hpp"
#include "platform/failure.hpp"
#include "prefetch.hpp"
#include "program_failure.hpp"

namespace reqivo::detail {

// ---- ReadyQueue

ReadyQueue::ReadyQueue() noexcept { ring_.next_ready_ = ring_.previous_ready_ = &ring_; }

ReadyQueue::~ReadyQueue() {
  while (pop() != nullptr) {
  }
  ring_.next_ready_ = nullptr;  // so that the sentinel does not take itself out
}

void ReadyQueue::push(PromiseBase& promise) noexcept {
  if (promise.next_ready_ != nullptr) return;
  promise.next_ready_ = &ring_;
  promise.previous_ready_ = ring_.previous_ready_;
  ring_.previous_ready_->next_ready_ = &promise;
  ring_.previous_ready_ = &promise;
}

PromiseBase* ReadyQueue::pop() noexcept {
  PromiseBase* const first = ring_.next_ready_;
  if (first == &ring_) return nullptr;
  remove(*first);
  prefetch<1024>(ring_.next_ready_);  // the frame that is resumed next: few are larger
  return first;
}

void ReadyQueue::append(ReadyQueue& other) noexcept {
  if (other.empty()) return;
  PromiseBase* const first = other.ring_.next_ready_;
  PromiseBase* const last = other.ring_.previous_ready_;
  other.ring_.next_ready_ = other.ring_.previous_ready_ = &other.ring_;
  first->previous_ready_ = ring_.previous_ready_;
  ring_.previous_ready_->next_ready_ = first;
  last->next_ready_ = &ring_;
  ring_.previous_ready_ = last;
}

void ReadyQueue::remove(PromiseBase& promise) noexcept {
  promise.next_ready_->previous_ready_ = promise.previous_ready_;
  promise.previous_ready_->next_ready_ = promise.next_ready_;
  promise.next_ready_ = promise.previous_ready_ = nullptr;
}

void PromiseBase::wake() noexcept {
  // What is left of a thread after its scheduler (its statics, say) is destroyed and never resumed.
  if (Scheduler* const scheduler = Scheduler::existing()) scheduler->make_ready(*this);
}

void PromiseBase::leave_ready_queue() noexcept { ReadyQueue::remove(*this); }

// ---- Scheduler

namespace {

/// A turn ends after so many, even if its coroutines keep waking each other: input and timers want
/// their share. Large, since looking for input costs a system call.
constexpr int most_per_turn = 1024;
/// How long a coroutine may go on without waiting for anything. Short beside what people notice,
/// long beside a turn, which costs a system call.
constexpr std::chrono::milliseconds share(2);
/// How many tasks are destroyed one in another where each owns the handle of the next. More than
/// scopes are ever nested, so that no task outlives what it refers to; few enough for the stack of
/// a page.
constexpr int most_settling = 500;

// A plain pointer, so that it can still be read while the thread's other objects are destroyed.
thread_local Scheduler* this_thread = nullptr;
thread_local bool thread_has_ended = false;

/// Ends the thread's scheduler with the thread.
class Owner {
 public:
  Owner() noexcept = default;
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() {
    if (this_thread != nullptr && this_thread->runs()) {
      // By std::exit in a coroutine: what is on the stack never comes back, and is not destroyed.
      this_thread->cancel_detached();
      return;
    }
    delete this_thread;  // whose tasks look for it while they are destroyed
    this_thread = nullptr;
    thread_has_ended = true;
  }
  void touch() const noexcept {}
};
thread_local const Owner owner;

}  // namespace

/// Lives on the stack while a coroutine of its chain runs.
class Scheduler::Running {
 public:
  Running(Scheduler& scheduler, const PromiseBase& promise) noexcept
      : scheduler_(scheduler), promise_(promise), below_(scheduler.running_) {
    scheduler_.running_ = this;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { scheduler_.running_ = below_; }

  [[nodiscard]] const Running* below() const noexcept { return below_; }
  [[nodiscard]] bool belongs_to(const PromiseBase& first) const noexcept {
    for (const PromiseBase* link = &promise_; link != nullptr; link = link->parent()) {
      // A generator that goes on for nobody may be anyone's: rather wait than destroy what runs.
      if (link == &first || link->parent() == link) return true;
    }
    return false;
  }

 private:
  Scheduler& scheduler_;
  const PromiseBase& promise_;
  const Running* below_;
};

Scheduler::Scheduler(LoopFactory make_loop) : loop_(make_loop(*this)) {}

Scheduler::~Scheduler() {
  turning_ = true;  // the loop is not to be woken any more
  cancel_detached();
}

void Scheduler::cancel_detached() noexcept {
  settle_deferred();
  while (detached_ != nullptr) {
    JoinState& state = *detached_;
    remove_detached(state);
    state.cancel();
    settle_deferred();
  }
}

Scheduler& Scheduler::current() {
  if (this_thread == nullptr) {
    if (thread_has_ended) {  // a new one would have no end, and nobody to drive it
      throw_misuse("reqivo: this thread's event loop has ended with its thread");
    }
    owner.touch();
    this_thread = new Scheduler(make_event_loop);
  }
  return *this_thread;
}

Scheduler* Scheduler::existing() noexcept { return this_thread; }

Scheduler* Scheduler::exchange_current(Scheduler* scheduler) noexcept {
  return std::exchange(this_thread, scheduler);
}

bool Scheduler::turn() noexcept {
  turning_ = true;
  settle_deferred();
  ready_.append(next_turn_);
  if (timers_.earliest()) timers_.expire(loop_->now());
  for (int left = most_per_turn; left > 0; --left) {
    PromiseBase* const promise = ready_.pop();
    if (promise == nullptr) break;
    resume(*promise);
  }
  turning_ = false;
  return has_work();
}

void Scheduler::resume(PromiseBase& promise) noexcept {
  share_began_.reset();
  {
    const Running running(*this, promise);
    promise.self_.resume();
  }
  settle_deferred();
}

bool Scheduler::start_first(TaskPromiseBase& task, TaskPromiseBase::FinishedCallback callback,
                            void* context) {
  bool finished = false;
  if (running_ == nullptr) share_began_.reset();
  {
    const Running running(*this, task);
    finished = task.start(nullptr, callback, context);
  }
  if (running_ == nullptr) settle_deferred();
  return finished;
}

void Scheduler::run_to_end(TaskPromiseBase& task) {
  if (driven_ || running_ != nullptr) {
    throw_misuse(
        "reqivo: a coroutine must not block its own event loop: co_await instead of run()");
  }
  if (!capabilities().blocking) {
    throw_error(
        Failure(ErrorCode::unsupported, Phase::none,
                concatenate({"run() is not supported by this build of the ", capabilities().backend,
                             " backend: it cannot block (link with Asyncify)"})));
  }
  class Driven {
   public:
    explicit Driven(bool& flag) noexcept : flag_(flag) { flag_ = true; }
    Driven(const Driven&) = delete;
    Driven& operator=(const Driven&) = delete;
    ~Driven() { flag_ = false; }

   private:
    bool& flag_;
  };
  const Driven driven(driven_);
  run_done_ = false;
  const auto set_done = [](void* flag, TaskPromiseBase&) noexcept {
    *static_cast<bool*>(flag) = true;
  };
  if (start_first(task, set_done, &run_done_)) return;
  if (!loop_->run_until(run_done_)) {
    throw_misuse(nothing_left);
  }
}

void Scheduler::make_ready(PromiseBase& promise) noexcept {
  ready_.push(promise);
  if (!turning_) loop_->wake_soon();
}

void Scheduler::resume_next_turn(PromiseBase& promise) noexcept {
  next_turn_.push(promise);
  if (!turning_) loop_->wake_soon();
}

bool Scheduler::had_its_share(TimePoint now) noexcept {
  if (!share_began_) share_began_ = now;
  return now - *share_began_ >= share;
}

bool Scheduler::is_running(const PromiseBase& first) const noexcept {
  for (const Running* link = running_; link != nullptr; link = link->below()) {
    if (link->belongs_to(first)) return true;
  }
  return false;
}

void Scheduler::defer(JoinState& state) noexcept {
  if (state.deferred_) return;
  state.deferred_ = true;
  state.next_deferred_ = std::exchange(deferred_, &state);
  if (!turning_) loop_->wake_soon();
}

void Scheduler::settle(JoinState& state) noexcept {
  if (settling_ == most_settling) return defer(state);
  ++settling_;
  state.settle_now();
  --settling_;
}

void Scheduler::settle_deferred() noexcept {
  while (deferred_ != nullptr && !runs() && settling_ == 0) {
    JoinState& state = *std::exchange(deferred_, deferred_->next_deferred_);
    state.deferred_ = false;
    state.settle();
  }
}

void Scheduler::add_detached(JoinState& state) noexcept {
  state.detached_ = true;
  state.previous_detached_ = nullptr;
  state.next_detached_ = detached_;
  if (detached_ != nullptr) detached_->previous_detached_ = &state;
  detached_ = &state;
}

void Scheduler::remove_detached(JoinState& state) noexcept {
  if (!state.detached_) return;
  state.detached_ = false;
  if (state.next_detached_ != nullptr) {
    state.next_detached_->previous_detached_ = state.previous_detached_;
  }
  JoinState*& link =
      state.previous_detached_ != nullptr ? state.previous_detached_->next_detached_ : detached_;
  link = state.next_detached_;
}

void Scheduler::schedule(TimerNode& node, TimePoint when) {
  if (timers_.schedule(node, when)) loop_->timer_due_at(*timers_.earliest());
}

// ---- TimerNode

void TimerNode::schedule_after(Duration wait) {
  Scheduler& scheduler = Scheduler::current();
  scheduler.schedule(*this, saturating_add(scheduler.loop().now(), wait));
}

void TimerNode::schedule_at(TimePoint when) { Scheduler::current().schedule(*this, when); }

void TimerNode::cancel() noexcept {
  if (Scheduler* const scheduler = Scheduler::existing()) scheduler->cancel(*this);
}

}  // namespace reqivo::detail
