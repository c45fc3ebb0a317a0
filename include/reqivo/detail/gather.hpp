// gather: several awaitables at once.
#pragma once

#include <reqivo/detail/awaitable.hpp>
#include <reqivo/detail/result.hpp>
#include <tuple>
#include <variant>
#include <vector>

namespace reqivo {

/// Tag type of `return_exceptions`.
class ReturnExceptions {
 public:
  constexpr ReturnExceptions() noexcept = default;
};
/// Asks `gather` for every outcome instead of the first failure.
inline constexpr ReturnExceptions return_exceptions;

namespace detail {

/// Counts the children of one gather and wakes it when there is nothing left to wait for. Lives in
/// the gather's frame; its children end before it does.
class GatherCounter {
 public:
  GatherCounter(PromiseBase& owner, bool stop_on_failure) noexcept
      : owner_(owner), stop_on_failure_(stop_on_failure) {}
  GatherCounter(const GatherCounter&) = delete;
  GatherCounter& operator=(const GatherCounter&) = delete;

  /// Starts a child inline. False: it failed, and no more should be started.
  bool start(TaskPromiseBase& child) {
    ++running_;
    if (child.start(&owner_, &GatherCounter::child_finished, this)) note_finished(child);
    return first_failure_ == nullptr;
  }
  [[nodiscard]] const std::exception_ptr* first_failure() const noexcept { return first_failure_; }

  // The awaiter of the whole: ready when all have finished or the first has failed.
  [[nodiscard]] bool await_ready() const noexcept {
    return running_ == 0 || first_failure_ != nullptr;
  }
  void await_suspend(std::coroutine_handle<>) noexcept { waiting_ = true; }
  void await_resume() const noexcept {}

 private:
  static void child_finished(void* context, TaskPromiseBase& child) noexcept {
    auto& counter = *static_cast<GatherCounter*>(context);
    counter.note_finished(child);
    if (counter.waiting_ && counter.await_ready()) counter.owner_.wake();
  }
  void note_finished(TaskPromiseBase& child) noexcept {
    --running_;
    if (stop_on_failure_ && child.failure() && first_failure_ == nullptr) {
      first_failure_ = &child.failure();
    }
  }

  PromiseBase& owner_;
  bool stop_on_failure_;
  bool waiting_ = false;
  std::size_t running_ = 0;
  const std::exception_ptr* first_failure_ = nullptr;
};

/// Before any child is started: one that cannot be would leave the others running on their own.
template <class Children>
void check_all(Children& children) {
  for (auto& child : children) static_cast<void>(detail_promise(child));
}
template <class... T>
void check_all(std::tuple<Task<T>...>& children) {
  std::apply([](auto&... child) { (static_cast<void>(detail_promise(child)), ...); }, children);
}

template <class T>
[[nodiscard]] Result<T> take_result(TaskPromise<T>& promise) {
  if (promise.failure()) return Result<T>(KeptFailure(promise.failure()));
  if constexpr (std::is_void_v<T>) {
    return Result<void>();
  } else {
    return Result<T>(promise.take());
  }
}

/// A tuple has no void: its place is taken by std::monostate.
template <class T>
using TupleElement = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
[[nodiscard]] TupleElement<T> take_element(TaskPromise<T>& promise) {
  if constexpr (std::is_void_v<T>) {
    promise.take();
    return {};
  } else {
    return promise.take();
  }
}

/// The element type of a gathered vector; gathering tasks of nothing gives nothing.
template <class T>
struct GatheredVector {
  using type = std::vector<T>;
};
template <>
struct GatheredVector<void> {
  using type = void;
};

template <class T>
void cancel_child(Task<T>& child) noexcept {
  const Task<T> cancelled(std::move(child));
}

/// Cancels the children that are left when it goes, from the first to the last: with a container or
/// a tuple alone, the order would be that of the standard library at hand.
template <class Children>
class CancelInOrder {
 public:
  explicit CancelInOrder(Children& children) noexcept : children_(children) {}
  CancelInOrder(const CancelInOrder&) = delete;
  CancelInOrder& operator=(const CancelInOrder&) = delete;
  ~CancelInOrder() { now(children_); }

 private:
  template <class T>
  static void now(std::vector<Task<T>>& children) noexcept {
    for (auto& child : children) detail::cancel_child(child);
  }
  template <class... T>
  static void now(std::tuple<Task<T>...>& children) noexcept {
    std::apply([](auto&... child) { (detail::cancel_child(child), ...); }, children);
  }
  Children& children_;
};

/// Cancels what is left, at once, and throws the first failure.
template <class Children>
[[noreturn]] void cancel_and_throw(Children& children, const std::exception_ptr* failure) {
  const std::exception_ptr kept = *failure;  // the original dies with its child
  { const CancelInOrder cancelled(children); }
  std::rethrow_exception(kept);
}

template <class T>
Task<typename GatheredVector<T>::type> gather_vector(std::vector<Task<T>> children) {
  PromiseBase& self = co_await ThisPromise();
  check_all(children);
  GatherCounter counter(self, true);
  const CancelInOrder in_the_end(children);
  for (auto& child : children) {
    if (!counter.start(detail_promise(child))) break;
  }
  co_await counter;
  if (counter.first_failure() != nullptr) cancel_and_throw(children, counter.first_failure());
  if constexpr (!std::is_void_v<T>) {
    std::vector<T> values;
    values.reserve(children.size());
    for (auto& child : children) values.push_back(detail_promise(child).take());
    co_return values;
  }
}

template <class T>
Task<std::vector<Result<T>>> gather_vector_results(std::vector<Task<T>> children) {
  PromiseBase& self = co_await ThisPromise();
  check_all(children);
  GatherCounter counter(self, false);
  const CancelInOrder in_the_end(children);
  for (auto& child : children) counter.start(detail_promise(child));
  co_await counter;
  std::vector<Result<T>> results;
  results.reserve(children.size());
  for (auto& child : children) results.push_back(take_result(detail_promise(child)));
  co_return results;
}

template <class... T>
Task<std::tuple<TupleElement<T>...>> gather_tuple(std::tuple<Task<T>...> children) {
  PromiseBase& self = co_await ThisPromise();
  check_all(children);
  GatherCounter counter(self, true);
  const CancelInOrder in_the_end(children);
  std::apply(
      [&](auto&... child) { static_cast<void>((counter.start(detail_promise(child)) && ...)); },
      children);
  co_await counter;
  if (counter.first_failure() != nullptr) cancel_and_throw(children, counter.first_failure());
  co_return std::apply(
      [](auto&... child) {
        return std::tuple<TupleElement<T>...>(take_element(detail_promise(child))...);
      },
      children);
}

template <class... T>
Task<std::tuple<Result<T>...>> gather_tuple_results(std::tuple<Task<T>...> children) {
  PromiseBase& self = co_await ThisPromise();
  check_all(children);
  GatherCounter counter(self, false);
  const CancelInOrder in_the_end(children);
  std::apply([&](auto&... child) { (counter.start(detail_promise(child)), ...); }, children);
  co_await counter;
  co_return std::apply(
      [](auto&... child) {
        return std::tuple<Result<T>...>(take_result(detail_promise(child))...);
      },
      children);
}

template <class A>
[[nodiscard]] std::vector<Task<AwaitResult<A>>> into_tasks(std::vector<A> awaitables) {
  if constexpr (is_task<A>) {
    return awaitables;
  } else {
    std::vector<Task<AwaitResult<A>>> tasks;
    tasks.reserve(awaitables.size());
    for (auto& awaitable : awaitables) tasks.push_back(into_task(std::move(awaitable)));
    return tasks;
  }
}

}  // namespace detail

/// Runs all of them at once; gives their values in the order given (nothing, for tasks of nothing).
/// Errors: the first failure in time; the others are cancelled before it is thrown. Where one was
/// awaited before, std::logic_error, and none is started.
template <Awaitable A>
[[nodiscard]] auto gather(std::vector<A> awaitables) {
  return detail::gather_vector(detail::into_tasks(std::move(awaitables)));
}

/// Runs all of them at once; gives every outcome in the order given, whatever fails. Errors: as
/// above, std::logic_error for what cannot be awaited.
template <Awaitable A>
[[nodiscard]] auto gather(std::vector<A> awaitables, ReturnExceptions) {
  return detail::gather_vector_results(detail::into_tasks(std::move(awaitables)));
}

/// Runs all of them at once; gives a tuple of their values in the order given, with std::monostate
/// for void. Errors: as for a vector. Lifetime: a JoinHandle may be given by its name, and then
/// outlives what is returned; it is cancelled with the others.
template <detail::AwaitableArgument... A>
[[nodiscard]] auto gather(A&&... awaitables) {
  // In braces, which keep to the order: of two that are the same, the first is taken.
  return detail::gather_tuple(std::tuple{detail::into_task(std::forward<A>(awaitables))...});
}

/// Runs all of them at once; gives a tuple of every outcome in the order given, whatever fails.
/// Errors and lifetime: as above.
template <detail::AwaitableArgument... A>
[[nodiscard]] auto gather(ReturnExceptions, A&&... awaitables) {
  return detail::gather_tuple_results(
      std::tuple{detail::into_task(std::forward<A>(awaitables))...});
}

}  // namespace reqivo
