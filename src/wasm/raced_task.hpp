// Waits for a task, and meanwhile for news of something else.
#pragma once

#include <coroutine>
#include <reqivo/detail/task.hpp>
#include <utility>

namespace reqivo::wasm {

/// `co_await raced`, over and over, gives true once the task has finished, false where there are
/// news before that. `News` has three members: `at_hand()`, whether there are any that nobody has
/// taken; `set_waiter(promise)`, which has it woken by the next; and `forget_waiter()`.
/// Lifetime: the news outlive it. Destroying it cancels the task.
template <class T, class News>
class [[nodiscard]] RacedTask {
 public:
  RacedTask(Task<T> task, News& news) : task_(std::move(task)), news_(news) {}
  RacedTask(const RacedTask&) = delete;
  RacedTask& operator=(const RacedTask&) = delete;
  ~RacedTask() { stop_waiting(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <detail::KitPromise Promise>
  bool await_suspend(std::coroutine_handle<Promise> awaiting) {
    detail::PromiseBase& waiter = awaiting.promise();
    if (!std::exchange(started_, true)) {
      if (detail_promise(task_).start(&waiter, detail::wake_context, &waiter)) return false;
    }
    if (news_.at_hand()) return false;
    news_.set_waiter(waiter);  // only now: who is woken must be suspended, and here
    waiting_ = true;
    return true;
  }
  [[nodiscard]] bool await_resume() {
    stop_waiting();
    return detail_promise(task_).finished();
  }
  /// The result, where it has finished; throws what left the task.
  [[nodiscard]] T take() { return detail_promise(task_).take(); }

 private:
  void stop_waiting() noexcept {
    if (std::exchange(waiting_, false)) news_.forget_waiter();
  }

  Task<T> task_;
  News& news_;
  bool started_ = false;
  bool waiting_ = false;
};

}  // namespace reqivo::wasm
