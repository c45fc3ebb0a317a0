// What every coroutine of the kit has in common: who waits for it, and how it is resumed.
//
// The rules that keep stacks bounded and destruction safe, in every build and without tail calls:
// - A child starts inline, on its awaiter's stack. If it finishes there, its awaiter goes on.
// - Every other wake-up goes through the thread's ready queue and is resumed from the outermost
//   frame of the event loop, so that no other coroutine is on the stack then.
// - Destroying a coroutine's frame cancels it: its promise leaves the ready queue by itself.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <reqivo/detail/frame_pool.hpp>
#include <type_traits>
#include <utility>

namespace reqivo::detail {

/// The part of a promise that the scheduler knows. Lives in the coroutine's frame.
class PromiseBase {
 public:
  PromiseBase(const PromiseBase&) = delete;
  PromiseBase& operator=(const PromiseBase&) = delete;

  /// Has the coroutine resumed from the thread's ready queue, soon. Waking twice is waking once.
  void wake() noexcept;

  /// The coroutine that goes on after this one; null for the first of a chain. Points to itself for
  /// a generator whose consumer was cancelled: it runs on, but nobody awaits it.
  [[nodiscard]] PromiseBase* parent() const noexcept { return parent_; }

  /// Frames come from a per-thread recycling pool. A task belongs to the thread that made it; its
  /// memory may be freed by any, which keeps it then.
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

 protected:
  explicit PromiseBase(std::coroutine_handle<> self) noexcept : self_(self) {}
  ~PromiseBase() {
    if (next_ready_ != nullptr) leave_ready_queue();
  }
  void set_parent(PromiseBase* parent) noexcept { parent_ = parent; }
  [[nodiscard]] std::coroutine_handle<> self() const noexcept { return self_; }

 private:
  friend class ReadyQueue;
  friend class Scheduler;
  PromiseBase() noexcept = default;  // the sentinel of a ready queue
  void leave_ready_queue() noexcept;

  std::coroutine_handle<> self_;
  PromiseBase* parent_ = nullptr;
  PromiseBase* next_ready_ = nullptr;  // a ring through the queue's sentinel; null: not queued
  PromiseBase* previous_ready_ = nullptr;
};

/// True for the promise types of the kit: only its coroutines may await its awaitables.
template <class Promise>
concept KitPromise = std::is_base_of_v<PromiseBase, Promise>;

/// `co_await ThisPromise()` gives the running coroutine's own promise, without suspending.
class ThisPromise {
 public:
  ThisPromise() noexcept = default;
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <KitPromise Promise>
  bool await_suspend(std::coroutine_handle<Promise> self) noexcept {
    promise_ = &self.promise();
    return false;
  }
  [[nodiscard]] PromiseBase& await_resume() const noexcept { return *promise_; }

 private:
  PromiseBase* promise_ = nullptr;
};

/// The promise of a coroutine that finishes once and tells someone: `Task`.
class TaskPromiseBase : public PromiseBase {
 public:
  /// Called once, from the final suspension of a coroutine that did not finish inside `start`.
  /// May only take note and wake: the finished coroutine is still on the stack.
  using FinishedCallback = void (*)(void* context, TaskPromiseBase& finished) noexcept;

  class FinalAwaiter {
   public:
    FinalAwaiter() noexcept = default;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      self.promise().finish();
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

  /// Runs the coroutine on the caller's stack until it finishes (true; `callback` is not called) or
  /// first suspends (false; `callback` is called when it finishes).
  bool start(PromiseBase* parent, FinishedCallback callback, void* context) {
    set_parent(parent);
    self().resume();
    if (finished_) return true;
    callback_ = callback;
    context_ = context;
    return false;
  }

  [[nodiscard]] bool finished() const noexcept { return finished_; }
  /// The exception that left the coroutine; null while it runs and after success.
  [[nodiscard]] const std::exception_ptr& failure() const noexcept { return failure_; }

 protected:
  using PromiseBase::PromiseBase;
  ~TaskPromiseBase() = default;

 private:
  void finish() noexcept {
    finished_ = true;
    if (callback_ != nullptr) callback_(context_, *this);
  }

  FinishedCallback callback_ = nullptr;
  void* context_ = nullptr;
  bool finished_ = false;
  std::exception_ptr failure_;
};

[[noreturn]] void throw_given_away();

}  // namespace reqivo::detail
