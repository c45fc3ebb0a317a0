// Work that goes on beside whoever waits for it, and for other things as well.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <reqivo/detail/join_handle.hpp>
#include <utility>

#include "platform/failure.hpp"

namespace reqivo::detail {

/// Starts a task at once and keeps its outcome. Destroying it cancels the task.
class SideTask {
 public:
  explicit SideTask(Task<Outcome<Done>> work)
      : end_(std::make_shared<End>()), running_(create_task(run(end_, std::move(work)))) {}
  SideTask(const SideTask&) = delete;
  SideTask& operator=(const SideTask&) = delete;
  ~SideTask() = default;

  [[nodiscard]] bool done() const noexcept { return end_->outcome || end_->thrown; }
  /// It is done, and that did not go well.
  [[nodiscard]] bool failed() const noexcept {
    return end_->thrown || (end_->outcome && !end_->outcome->ok());
  }
  /// How it ended, once it is done; throws what left the task.
  [[nodiscard]] Outcome<Done> take() {
    if (end_->thrown) std::rethrow_exception(end_->thrown);
    return std::move(*end_->outcome);
  }
  /// Without an outcome, where it is not done yet.
  void cancel() noexcept { running_ = JoinHandle<void>(); }
  /// Has `waiter` woken once it is done; null: nobody any more.
  void set_waiter(PromiseBase* waiter) noexcept { end_->waiter = waiter; }

 private:
  /// The task's as well: where it drops its own owner, it goes on until it is suspended.
  struct End {
    std::optional<Outcome<Done>> outcome;
    std::exception_ptr thrown;
    PromiseBase* waiter = nullptr;
  };

  static Task<void> run(std::shared_ptr<End> end, Task<Outcome<Done>> work) {
    try {
      end->outcome = co_await std::move(work);
    } catch (...) {
      end->thrown = std::current_exception();
    }
    if (end->waiter != nullptr) end->waiter->wake();
  }

  std::shared_ptr<End> end_;
  JoinHandle<void> running_;
};

}  // namespace reqivo::detail
