// create_task and JoinHandle: work that goes on beside its creator.
#pragma once

#include <exception>
#include <functional>
#include <reqivo/detail/awaitable.hpp>

namespace reqivo {
namespace detail {

/// A task that was started on its own, shared between its handle and the event loop.
class JoinState {
 public:
  JoinState(const JoinState&) = delete;
  JoinState& operator=(const JoinState&) = delete;

  void start(TaskPromiseBase& task);
  /// Finished or cancelled.
  [[nodiscard]] bool done() const noexcept { return status_ != Status::running; }
  [[nodiscard]] bool cancelled() const noexcept { return status_ == Status::cancelled; }
  /// Destroys the coroutine: at once, or, where it is running right now, when it next suspends.
  void cancel() noexcept;
  /// The handle is gone and the task goes on.
  void detach() noexcept;
  /// The handle is gone and the task with it.
  void drop() noexcept;
  /// Marks the outcome as seen: a failure is then no longer reported.
  void mark_taken() noexcept { taken_ = true; }
  [[nodiscard]] bool taken() const noexcept { return taken_; }
  /// The waiter was destroyed while it waited, and takes the task along.
  void abandon() noexcept;
  /// Who is to be woken when it is done.
  void set_waiter(PromiseBase& waiter) noexcept { waiter_ = &waiter; }
  /// The waiter was destroyed before it had the outcome, which another one may have. May delete
  /// this object.
  void give_up_waiting() noexcept;
  /// The waiter has taken its answer. Destroys the coroutine: one job that awaits another's handle
  /// would otherwise keep all those before it. May delete this object.
  void take_leave() noexcept;

 protected:
  JoinState() = default;
  virtual ~JoinState() = default;
  virtual void destroy_task() noexcept = 0;

 private:
  friend class Scheduler;
  enum class Status { running, finished, cancelled };

  static void task_finished(void* context, TaskPromiseBase& task) noexcept;
  /// Destroys a task that was cancelled, and this object where nobody is left to use it. The
  /// scheduler calls it, too, for what was put off.
  void settle() noexcept;
  void settle_now() noexcept;  // however deep the stack is
  /// Nobody waits any more. May delete this object.
  void clear_waiter() noexcept;
  void release_task() noexcept;
  void report_unseen_failure() const noexcept;

  TaskPromiseBase* promise_ = nullptr;
  PromiseBase* waiter_ = nullptr;
  Status status_ = Status::running;
  bool has_handle_ = true;
  bool taken_ = false;
  bool task_destroyed_ = false;
  bool settling_ = false;
  // Intrusive lists of the scheduler: work put off, and detached tasks.
  JoinState* next_deferred_ = nullptr;
  bool deferred_ = false;
  JoinState* next_detached_ = nullptr;
  JoinState* previous_detached_ = nullptr;
  bool detached_ = false;
};

[[noreturn]] void throw_cancelled();
[[noreturn]] void throw_joined_twice();

template <class T>
class TypedJoinState final : public JoinState {
 public:
  explicit TypedJoinState(Task<T> task) : task_(std::move(task)) {}
  [[nodiscard]] Task<T>& task() noexcept { return task_; }

 private:
  ~TypedJoinState() override = default;
  void destroy_task() noexcept override { const Task<T> destroyed(std::move(task_)); }
  Task<T> task_;
};

/// Whether a task goes on whose waiter is destroyed before it has finished.
enum class WithoutWaiter { go_on, cancel };

template <class T>
class [[nodiscard]] JoinAwaiter {
 public:
  using TakenOver = void;
  JoinAwaiter(TypedJoinState<T>* state, WithoutWaiter then) noexcept : state_(state), then_(then) {}
  JoinAwaiter(JoinAwaiter&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)), then_(other.then_) {}
  JoinAwaiter& operator=(JoinAwaiter&&) = delete;
  ~JoinAwaiter() {
    if (state_ == nullptr) return;
    if (then_ == WithoutWaiter::cancel) {
      state_->abandon();
    } else {
      state_->give_up_waiting();
    }
  }
  /// Errors: std::logic_error where it was moved from.
  [[nodiscard]] bool await_ready() const {
    if (state_ == nullptr) throw_given_away();
    return state_->done();
  }
  template <KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    state_->set_waiter(waiter.promise());
  }
  /// Lets go of the task here and not by the destructor: the expression that awaits may replace the
  /// handle before it comes to its end.
  T await_resume() {
    TypedJoinState<T>& state = *std::exchange(state_, nullptr);
    const Taking taking(state);
    if (state.cancelled()) throw_cancelled();
    return detail_promise(state.task()).take();
  }

 private:
  /// Ends the wait once the outcome has left the coroutine, as a value or as an exception.
  class Taking {
   public:
    explicit Taking(JoinState& state) noexcept : state_(state) {}
    Taking(const Taking&) = delete;
    Taking& operator=(const Taking&) = delete;
    ~Taking() { state_.take_leave(); }

   private:
    JoinState& state_;
  };

  TypedJoinState<T>* state_;
  WithoutWaiter then_;
};

struct HandleMaker;

}  // namespace detail

/// The owner of a task that runs beside its creator.
///
/// Lifetime: dropping the handle cancels the task at once (of more than 500, each of which owns the
/// next, the rest a turn later), `detach()` lets it go on without an owner. Use it on the thread
/// that made it. Whoever awaits a handle that is dropped meanwhile gets `Error` (`cancelled`).
template <class T = void>
class [[nodiscard]] JoinHandle {
 public:
  using value_type = T;

  JoinHandle() noexcept = default;
  JoinHandle(JoinHandle&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  JoinHandle& operator=(JoinHandle&& other) noexcept {
    if (this != &other) {
      const JoinHandle old(std::move(*this));
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~JoinHandle() {
    if (state_ != nullptr) state_->drop();
  }

  /// True once the task has finished, failed or been cancelled; also for a handle that holds none.
  [[nodiscard]] bool done() const noexcept { return state_ == nullptr || state_->done(); }

  /// Stops the task at once; whoever awaits it gets an `Error` with code `cancelled`. Called by the
  /// task itself, it takes effect when the task next suspends. No effect on a task that is done.
  void cancel() noexcept {
    if (state_ != nullptr) state_->cancel();
  }

  /// Lets the task go on by itself, as long as its thread's event loop runs. A failure is then
  /// reported to the handler of `set_unhandled_exception_handler`.
  void detach() noexcept {
    if (state_ != nullptr) std::exchange(state_, nullptr)->detach();
  }

  /// The task's result, once; whoever stops waiting before it is there leaves it to the next.
  /// Errors: what left the task; `Error` (`cancelled`) where it was cancelled; std::logic_error
  /// where the handle holds no task, or is awaited or was awaited to the end already.
  [[nodiscard]] detail::JoinAwaiter<T> operator co_await() {
    return join(detail::WithoutWaiter::go_on);
  }

 private:
  friend struct detail::HandleMaker;
  /// For `gather` and `wait_for`, which cancel what they were given.
  friend Task<T> await_where_it_is(JoinHandle& handle) {
    co_return co_await handle.join(detail::WithoutWaiter::cancel);
  }

  [[nodiscard]] detail::JoinAwaiter<T> join(detail::WithoutWaiter then) {
    if (state_ == nullptr || state_->taken()) detail::throw_joined_twice();
    state_->mark_taken();
    return detail::JoinAwaiter<T>(state_, then);
  }

  explicit JoinHandle(detail::TypedJoinState<T>* state) noexcept : state_(state) {}

  detail::TypedJoinState<T>* state_ = nullptr;
};

/// Makes handles for `create_task`: as a friend itself, being a constrained template, clang 16
/// would not know it again.
struct detail::HandleMaker {
  template <class T>
  static JoinHandle<T> make(TypedJoinState<T>* state) noexcept {
    return JoinHandle<T>(state);
  }
};

/// Starts it now, on the caller's stack up to its first suspension, and lets it go on beside the
/// caller.
template <detail::AwaitableArgument A>
auto create_task(A&& awaitable) -> JoinHandle<detail::AwaitResult<detail::Kept<A>>> {
  using T = detail::AwaitResult<detail::Kept<A>>;
  Task<T> task = detail::into_task(std::forward<A>(awaitable));
  auto& promise = detail_promise(task);
  auto* state = new detail::TypedJoinState<T>(std::move(task));
  JoinHandle<T> handle = detail::HandleMaker::make(state);
  state->start(promise);
  return handle;
}

/// Gets the failures that no one else can see: of a detached task, and of a task whose handle was
/// dropped before it was awaited. Process-wide; without one they are printed to standard error. The
/// handler runs on the failing task's thread and must not throw. An empty function restores the
/// default.
void set_unhandled_exception_handler(std::function<void(std::exception_ptr)> handler);

}  // namespace reqivo
