// The async kit: tasks and what combines them. One event loop per thread; a task stays on the
// thread that started it. Dropping work cancels it.
#pragma once

#include <concepts>
#include <reqivo/detail/awaitable.hpp>
#include <reqivo/detail/duration.hpp>
#include <reqivo/detail/gather.hpp>
#include <reqivo/detail/generator.hpp>
#include <reqivo/detail/join_handle.hpp>
#include <reqivo/detail/result.hpp>
#include <reqivo/detail/semaphore.hpp>
#include <reqivo/detail/task.hpp>
#include <reqivo/detail/wait_for.hpp>

namespace reqivo {

namespace detail {
/// Starts `task` and drives this thread's event loop until it has finished.
void run_to_end(TaskPromiseBase& task);
}  // namespace detail

/// Waits `wait` without blocking the thread. Zero or less: lets other ready work go first.
[[nodiscard]] Task<void> sleep(Duration wait);
/// A number has no unit: `sleep(5s)`. Without this, `sleep(5)` would be POSIX's where there is one,
/// as `sleep(5U)` is still.
template <std::integral Number>
void sleep(Number wait) = delete;

/// Drives this thread's event loop until the task is done, and gives its result.
///
/// Errors: what leaves the task. std::logic_error where this thread's loop is running already
/// (await instead), and where the task waits for something that nothing left in the loop can bring
/// about. Platforms: under wasm, UnsupportedError in a build that cannot block (without
/// Asyncify).
template <class T>
T run(Task<T> task) {
  auto& promise = detail_promise(task);
  detail::run_to_end(promise);
  return promise.take();
}
template <detail::AwaitableArgument A>
requires(!detail::is_task<std::decay_t<A>>) auto run(A&& awaitable) {
  return run(detail::into_task(std::forward<A>(awaitable)));
}

/// A program's entry on every target: `int main() { return reqivo::run_main(program()); }`.
///
/// Natively it runs the task and gives the exit code: the task's value, of which the system keeps
/// the low 8 bits, or 0. An exception that leaves the task is printed to standard error and gives
/// 1, and so does a task that nothing can finish. In a page it returns 0 at once and the program
/// goes on; under Node the process ends with the task's exit code.
int run_main(Task<int> program);
int run_main(Task<void> program);

}  // namespace reqivo
