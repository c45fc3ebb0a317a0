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

template <class Awaitable>
using AwaitResult =
    std::remove_cvref_t<decltype(get_awaiter(std::declval<Awaitable&&>()).await_resume())>;

template <class>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<Task<T>> = true;

template <class T>
Task<T> into_task(Task<T> task) {
  return task;
}

/// Whatever else can be awaited; taken by value, since the task runs later.
template <class Awaitable>
requires(!is_task<Awaitable>) Task<AwaitResult<Awaitable>> into_task(Awaitable awaitable) {
  if constexpr (std::is_convertible_v<Awaitable&&, Task<AwaitResult<Awaitable>>>) {
    Task<AwaitResult<Awaitable>> task = std::move(awaitable);
    return task;
  } else {
    return [](Awaitable owned) -> Task<AwaitResult<Awaitable>> {
      co_return co_await std::move(owned);
    }(std::move(awaitable));
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

}  // namespace reqivo
