// Any awaitable as a Task, so that gather, create_task and wait_for are written once.
#pragma once

#include <reqivo/detail/task.hpp>

namespace reqivo {
namespace detail {

template <class Awaitable>
decltype(auto) get_awaiter(Awaitable&& awaitable) {
  if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); }) {
    return std::forward<Awaitable>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<Awaitable>(awaitable)); }) {
    return operator co_await(std::forward<Awaitable>(awaitable));
  } else {
    return std::forward<Awaitable>(awaitable);
  }
}

}  // namespace detail

/// What `co_await` accepts in a coroutine of the kit: a Task, a request builder, a JoinHandle, or
/// any type with the members of an awaiter. One that resumes the coroutine itself does so from the
/// event loop, on the coroutine's thread and with no other coroutine on the stack.
template <class T>
concept Awaitable = requires(T&& awaitable) {
  detail::get_awaiter(std::forward<T>(awaitable)).await_resume();
};

namespace detail {

/// How what is kept as `T` is awaited: as what is given away, or by its name where it wants that.
template <class T>
using AwaitedAs = std::conditional_t<Awaitable<T>, T&&, T&>;

template <class T>
using AwaitResult =
    std::remove_cvref_t<decltype(get_awaiter(std::declval<AwaitedAs<T>>()).await_resume())>;

template <class>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;

/// How an argument of type `A&&` is kept until it is awaited: by value, since that comes later.
/// What has a name and cannot be copied stays where it is.
template <class A>
using Kept = std::conditional_t<std::is_lvalue_reference_v<A> &&
                                    !std::is_constructible_v<std::decay_t<A>, A>,
                                A, std::decay_t<A>>;

/// Awaiters of the kit, which a queue may know of while they are awaited, are taken over where they
/// are given by their names: who waits for them may go before they do.
template <class Awaiter>
concept TakenOver = requires {
  typename Awaiter::TakenOver;
};

/// A JoinHandle has its own, found by its arguments: time that is up cancels its task.
template <class Awaitable>
Task<AwaitResult<Awaitable&>> await_where_it_is(Awaitable& awaitable) {
  co_return co_await awaitable;
}

template <class T>
Task<T> into_task(Task<T>&& task) {
  return std::move(task);
}
/// One with a name is taken over, as by `co_await`.
template <class T>
Task<T> into_task(Task<T>& task) {
  return std::move(task);
}

template <class T>
Task<AwaitResult<T>> await_owned(T owned) {
  co_return co_await static_cast<AwaitedAs<T>>(owned);
}

/// Whatever else can be awaited. What cannot be copied is taken over where it can become a task, as
/// a request builder can. Lifetime: what is left where it is outlives the task.
template <class A>
requires(!is_task<std::decay_t<A>>) Task<AwaitResult<Kept<A>>> into_task(A&& awaitable) {
  using Value = std::remove_reference_t<A>;
  if constexpr (std::is_convertible_v<A&&, Task<AwaitResult<Kept<A>>>>) {
    Task<AwaitResult<Kept<A>>> task = std::forward<A>(awaitable);
    return task;
  } else if constexpr (!std::is_lvalue_reference_v<Kept<A>>) {
    return await_owned<Kept<A>>(std::forward<A>(awaitable));
  } else if constexpr (TakenOver<Value> ||
                       std::is_convertible_v<Value&&, Task<AwaitResult<Kept<A>>>>) {
    return await_owned<Value>(static_cast<Value&&>(awaitable));
  } else {
    return await_where_it_is(awaitable);
  }
}

/// What functions that await for their caller take as `A&&`: anything that can be awaited. A task,
/// a request builder and the kit's awaiters may be given by their names, and are taken over; a
/// JoinHandle, too, and stays where it is. What else cannot be copied has to outlive the wait.
template <class A>
concept AwaitableArgument = Awaitable<AwaitedAs<Kept<A>>>;
}  // namespace detail

}  // namespace reqivo
