// wait_for: an upper bound on how long an awaitable may take.
#pragma once

#include <reqivo/detail/awaitable.hpp>
#include <reqivo/detail/timer.hpp>

namespace reqivo {
namespace detail {

[[noreturn]] void throw_wait_timeout(Duration limit);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // see TimerNode

/// Wakes its owner, which awaits it, after a time; whoever else wakes the owner ends the wait, too.
class Alarm final : public TimerNode {
 public:
  Alarm(PromiseBase& owner, Duration wait) : owner_(owner) { schedule_after(wait); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}

 private:
  void expired() noexcept override { owner_.wake(); }
  PromiseBase& owner_;
};

#pragma GCC diagnostic pop

template <class T>
Task<T> wait_for_task(Task<T> given, Duration limit) {
  PromiseBase& self = co_await ThisPromise();
  Task<T> child(std::move(given));  // ends with this scope: what fails here must not be woken by it
  auto& promise = detail_promise(child);
  if (!promise.start(&self, wake_context, &self)) {
    Alarm alarm(self, limit);
    co_await alarm;
    if (!promise.finished()) {
      { const Task<T> cancelled(std::move(child)); }
      throw_wait_timeout(limit);
    }
  }
  co_return promise.take();
}

}  // namespace detail

/// The awaitable's result, if it comes within `limit`. Natively and in a browser alike the limit is
/// checked by the event loop: code that does not suspend is not cut short, and a limit of zero or
/// less lets through what is there without waiting.
/// Errors: WaitTimeoutError when time is up; the awaitable is cancelled before that is thrown.
/// Lifetime: a JoinHandle may be given by its name, and then outlives what is returned; its task is
/// cancelled all the same.
template <detail::AwaitableArgument A>
[[nodiscard]] auto wait_for(A&& awaitable, Duration limit) {
  return detail::wait_for_task(detail::into_task(std::forward<A>(awaitable)), limit);
}

}  // namespace reqivo
