// One thread's coroutines: which are ready, which run, which timers are due.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <reqivo/detail/join_handle.hpp>
#include <reqivo/detail/promise.hpp>

#include "platform/event_loop.hpp"
#include "timer_queue.hpp"

namespace reqivo::detail {

/// Coroutines that are to be resumed, first in first out; a ring through a sentinel.
class ReadyQueue {
 public:
  ReadyQueue() noexcept;
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;
  ~ReadyQueue();
  /// No effect where it is in a queue already.
  void push(PromiseBase& promise) noexcept;
  /// Null where the queue is empty.
  [[nodiscard]] PromiseBase* pop() noexcept;
  [[nodiscard]] bool empty() const noexcept { return ring_.next_ready_ == &ring_; }
  /// Takes over all of `other`, behind its own.
  void append(ReadyQueue& other) noexcept;
  static void remove(PromiseBase& promise) noexcept;

 private:
  PromiseBase ring_;
};

/// Made on first use in a thread, and gone with the thread; detached tasks end with it.
class Scheduler {
  /// One coroutine that was resumed, and the one under it on the stack.
  class Running;

 public:
  using LoopFactory = std::unique_ptr<EventLoop> (*)(Scheduler&);

  explicit Scheduler(LoopFactory make_loop);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  ~Scheduler();

  /// This thread's scheduler. Errors: std::logic_error where it has ended with its thread already:
  /// what may be called by then, destructors above all, asks for `existing`.
  static Scheduler& current();
  /// The same; null where it has ended with its thread already, or was never made.
  [[nodiscard]] static Scheduler* existing() noexcept;
  /// For tests: makes `scheduler` this thread's, until it is given back the one returned here.
  static Scheduler* exchange_current(Scheduler* scheduler) noexcept;

  [[nodiscard]] EventLoop& loop() noexcept { return *loop_; }

  /// Called by the event loop: calls due timers and resumes what is ready. True: there is still
  /// more, so that the loop should look for input without waiting and call again.
  bool turn() noexcept;

  /// Runs `task`, driving the loop until it has finished. Errors: std::logic_error where this
  /// thread's loop is driven already or a coroutine is on the stack, and where nothing can finish
  /// the task.
  void run_to_end(TaskPromiseBase& task);

  /// Whether another turn would do something before any timer is due.
  [[nodiscard]] bool has_work() const noexcept {
    return !ready_.empty() || !next_turn_.empty() || deferred_ != nullptr;
  }

  /// Starts a task that nobody awaits, as the first of its chain. True: it has finished already.
  bool start_first(TaskPromiseBase& task, TaskPromiseBase::FinishedCallback callback,
                   void* context);
  void make_ready(PromiseBase& promise) noexcept;
  /// Has the coroutine resumed in the next turn: behind input and timers that are due by then.
  void resume_next_turn(PromiseBase& promise) noexcept;
  /// Whether what is on the stack has gone on for so long that others are to have their turn. `now`
  /// is the current time, which who asks mostly knows. Who never needs to wait, since its peer is
  /// always faster, would keep timers and everybody else waiting for good.
  [[nodiscard]] bool had_its_share(TimePoint now) noexcept;
  /// Whether a coroutine is on the stack right now.
  [[nodiscard]] bool runs() const noexcept { return running_ != nullptr; }
  /// Whether `first` or a coroutine that it awaits is on the stack right now.
  [[nodiscard]] bool is_running(const PromiseBase& first) const noexcept;
  /// What runs right now, to be told by `return_to` after what may throw past it.
  using StackMark = const Running*;
  [[nodiscard]] StackMark stack_mark() const noexcept { return running_; }
  /// An exception that is none of C++ has left coroutines in the middle of their work, without
  /// their destructors: what runs now is what ran at `mark`.
  void return_to(StackMark mark) noexcept { running_ = mark; }
  /// The same where nothing runs now, nor does a turn.
  void forget_stack() noexcept {
    running_ = nullptr;
    turning_ = false;
    settling_ = 0;
  }
  /// Calls `state.settle_now()`; later where too many such calls are on the stack, one in another.
  void settle(JoinState& state) noexcept;
  /// Has `state.settle()` called when no coroutine is on the stack.
  void defer(JoinState& state) noexcept;
  void add_detached(JoinState& state) noexcept;
  void remove_detached(JoinState& state) noexcept;
  /// Cancels all tasks that go on by themselves; those on the stack are left as they are.
  void cancel_detached() noexcept;

  void schedule(TimerNode& node, TimePoint when);
  void cancel(TimerNode& node) noexcept { timers_.cancel(node); }
  [[nodiscard]] std::optional<TimePoint> earliest_timer() const noexcept {
    return timers_.earliest();
  }
  /// Whether any timer is more than housekeeping.
  [[nodiscard]] bool awaits_timer() const noexcept { return timers_.any_awaited(); }

 private:
  void resume(PromiseBase& promise) noexcept;
  void settle_deferred() noexcept;

  // Order matters: what is left in the queues must be able to take itself out while they still
  // exist.
  TimerQueue timers_;
  ReadyQueue ready_;
  ReadyQueue next_turn_;
  std::optional<TimePoint> share_began_;  // none: nobody has asked since the last resumption
  const Running* running_ = nullptr;
  JoinState* deferred_ = nullptr;
  JoinState* detached_ = nullptr;
  int settling_ = 0;  // how many calls of `settle` are on the stack
  bool turning_ = false;
  bool driven_ = false;
  bool run_done_ = false;  // the task of `run_to_end` has finished
  std::unique_ptr<EventLoop> loop_;
};

/// `co_await NextTurn()` goes on in the next turn: behind input and timers that are due by then.
class [[nodiscard]] NextTurn {
 public:
  NextTurn() noexcept = default;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) const noexcept {
    Scheduler::current().resume_next_turn(waiting.promise());
  }
  void await_resume() const noexcept {}
};

}  // namespace reqivo::detail
