#include <atomic>
#include <memory>
#include <reqivo/detail/join_handle.hpp>

#include "misuse.hpp"
#include "platform/failure.hpp"
#include "program_failure.hpp"
#include "scheduler.hpp"

namespace reqivo {
namespace detail {
namespace {

using UnhandledExceptionHandler = std::function<void(std::exception_ptr)>;

/// The program's handler. A spin lock, as it is held for as long as a pointer takes to copy, and as
/// a std::mutex brings std::system_error and all of its messages into a page.
class HandlerSlot {
 public:
  constexpr HandlerSlot() noexcept = default;

  std::shared_ptr<const UnhandledExceptionHandler> get() noexcept {
    lock();
    auto handler = handler_;
    unlock();
    return handler;
  }

  void set(std::shared_ptr<const UnhandledExceptionHandler> handler) noexcept {
    lock();
    handler_.swap(handler);
    unlock();  // the handler that was is destroyed only now
  }

 private:
  void lock() noexcept {
    while (locked_.test_and_set(std::memory_order_acquire)) {
    }
  }
  void unlock() noexcept { locked_.clear(std::memory_order_release); }

  std::atomic_flag locked_;
  std::shared_ptr<const UnhandledExceptionHandler> handler_;
};

HandlerSlot& handler_slot() {
  static auto* const slot = new HandlerSlot;  // never destroyed: threads may outlive main
  return *slot;
}

}  // namespace

void JoinState::start(TaskPromiseBase& task) {
  promise_ = &task;
  Scheduler& scheduler = Scheduler::current();
  if (scheduler.start_first(task, &JoinState::task_finished, this)) task_finished(this, task);
}

void JoinState::task_finished(void* context, TaskPromiseBase&) noexcept {
  auto& state = *static_cast<JoinState*>(context);
  if (state.status_ == Status::cancelled) return;  // it cancelled itself and then ran to its end
  state.status_ = Status::finished;
  if (state.waiter_ != nullptr) state.waiter_->wake();
  if (!state.has_handle_) Scheduler::current().defer(state);
}

void JoinState::cancel() noexcept {
  if (status_ != Status::running) return;
  status_ = Status::cancelled;
  if (waiter_ != nullptr) waiter_->wake();
  Scheduler* const scheduler = Scheduler::existing();
  if (scheduler != nullptr && promise_ != nullptr && scheduler->is_running(*promise_)) {
    scheduler->defer(*this);
  } else {
    settle();
  }
}

void JoinState::detach() noexcept {
  has_handle_ = false;
  Scheduler* const scheduler = Scheduler::existing();
  if (status_ == Status::running && scheduler != nullptr) {
    scheduler->add_detached(*this);
  } else if (status_ == Status::running) {
    cancel();  // as the scheduler's end cancels what was detached before
  } else if (!deferred_) {
    settle();
  }
}

void JoinState::drop() noexcept {
  has_handle_ = false;
  if (status_ == Status::running) {
    cancel();
  } else if (!deferred_) {
    settle();
  }
}

void JoinState::give_up_waiting() noexcept {
  taken_ = false;
  clear_waiter();
}

void JoinState::clear_waiter() noexcept {
  waiter_ = nullptr;
  if (!has_handle_ && status_ != Status::running && !deferred_) settle();
}

void JoinState::take_leave() noexcept {
  if (status_ == Status::finished) release_task();
  clear_waiter();
}

void JoinState::abandon() noexcept {
  if (has_handle_ && status_ == Status::running) {
    waiter_ = nullptr;  // no one to wake
    cancel();
  } else {
    clear_waiter();
  }
}

void JoinState::release_task() noexcept {
  if (task_destroyed_) return;
  task_destroyed_ = settling_ = true;
  destroy_task();
  settling_ = false;
}

void JoinState::settle() noexcept {
  if (settling_)
    return;  // the task's own destructors let go of its handle: the call around this one goes on
  Scheduler* const scheduler = Scheduler::existing();
  if (scheduler == nullptr) {
    settle_now();
  } else {
    scheduler->settle(*this);
  }
}

void JoinState::settle_now() noexcept {
  if (status_ == Status::cancelled) release_task();
  if (has_handle_ || waiter_ != nullptr) return;
  if (detached_) Scheduler::current().remove_detached(*this);
  report_unseen_failure();
  delete this;
}

void JoinState::report_unseen_failure() const noexcept {
  if (taken_ || status_ != Status::finished || !promise_->failure()) return;
  const auto handler = handler_slot().get();
  if (handler != nullptr) {
    (*handler)(promise_->failure());
  } else {
    print_failure("a task failed and nobody awaits it", promise_->failure());
  }
}

void throw_cancelled() {
  throw_error(Failure(ErrorCode::cancelled, Phase::none, "the task was cancelled"));
}

void throw_joined_twice() { throw_misuse("reqivo: a JoinHandle can be awaited once only"); }

}  // namespace detail

void set_unhandled_exception_handler(std::function<void(std::exception_ptr)> handler) {
  using Handler = const detail::UnhandledExceptionHandler;
  detail::handler_slot().set(handler ? std::make_shared<Handler>(std::move(handler)) : nullptr);
}

}  // namespace reqivo
