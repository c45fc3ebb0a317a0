// Task: a coroutine that runs when it is awaited.
#pragma once

#include <optional>
#include <reqivo/detail/promise.hpp>

namespace reqivo {

template <class T>
class Task;

namespace detail {

template <class T>
class TaskPromise final : public TaskPromiseBase {
 public:
  TaskPromise() noexcept
      : TaskPromiseBase(std::coroutine_handle<TaskPromise>::from_promise(*this)) {}
  [[nodiscard]] Task<T> get_return_object() noexcept;
  template <class Value = T>
  requires std::is_convertible_v<Value&&, T>
  void return_value(Value&& value) { value_.emplace(std::forward<Value>(value)); }
  /// The result, moved out; throws what left the coroutine.
  [[nodiscard]] T take() {
    if (failure()) std::rethrow_exception(failure());
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> final : public TaskPromiseBase {
 public:
  TaskPromise() noexcept
      : TaskPromiseBase(std::coroutine_handle<TaskPromise>::from_promise(*this)) {}
  [[nodiscard]] Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const {
    if (failure()) std::rethrow_exception(failure());
  }
};

template <class T>
class TaskAwaiter;

[[noreturn]] void throw_awaited_twice();

}  // namespace detail

/// A lazy coroutine: it runs when awaited, once, and belongs to whoever holds the Task.
///
/// Lifetime: destroying a Task destroys the coroutine and all that it awaits: that is cancellation.
/// Nothing of it runs again but destructors. A task must be awaited and destroyed on one thread.
/// Errors: an exception that leaves the coroutine is thrown to the awaiter. Awaiting a task that
/// was awaited or moved from is std::logic_error.
template <class T = void>
class [[nodiscard]] Task {
  static_assert(std::is_void_v<T> || std::is_object_v<T>, "a Task returns a value or nothing");

 public:
  using value_type = T;
  using promise_type = detail::TaskPromise<T>;

  /// Holds nothing; awaiting it is std::logic_error.
  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      const Task old(std::move(*this));
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  /// Whether there is a coroutine to await.
  [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }

  /// Runs the task and gives its result. The awaiter takes the coroutine over.
  [[nodiscard]] detail::TaskAwaiter<T> operator co_await() && {
    return detail::TaskAwaiter<T>(std::move(*this));
  }
  /// A task with a name is taken over, too: afterwards it is as good as moved from.
  [[nodiscard]] detail::TaskAwaiter<T> operator co_await() & {
    return detail::TaskAwaiter<T>(std::move(*this));
  }

 private:
  friend promise_type;
  friend class detail::TaskAwaiter<T>;
  template <class U>
  friend detail::TaskPromise<U>& detail_promise(Task<U>& task);
  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}

  std::coroutine_handle<promise_type> handle_;
};

/// For the kit itself: the promise of a task that is to be started by hand.
/// Errors: std::logic_error where the task holds nothing.
template <class T>
[[nodiscard]] detail::TaskPromise<T>& detail_promise(Task<T>& task) {
  if (!task.handle_) detail::throw_awaited_twice();
  return task.handle_.promise();
}

namespace detail {

template <class T>
Task<T> TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

inline Task<void> TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

/// Wakes the promise given as context: the callback of everything that waits for one task.
inline void wake_context(void* context, TaskPromiseBase&) noexcept {
  static_cast<PromiseBase*>(context)->wake();
}

template <class T>
class [[nodiscard]] TaskAwaiter {
 public:
  explicit TaskAwaiter(Task<T>&& task) : task_(std::move(task)), promise_(detail_promise(task_)) {
    if (promise_.finished()) throw_awaited_twice();
  }
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <KitPromise Promise>
  bool await_suspend(std::coroutine_handle<Promise> parent) {
    PromiseBase& waiting = parent.promise();
    return !promise_.start(&waiting, wake_context, &waiting);
  }
  T await_resume() { return promise_.take(); }

 private:
  Task<T> task_;
  TaskPromise<T>& promise_;
};

}  // namespace detail
}  // namespace reqivo
