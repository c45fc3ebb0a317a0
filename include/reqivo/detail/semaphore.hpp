// Semaphore: at most so many at once.
#pragma once

#include <coroutine>
#include <cstddef>
#include <reqivo/detail/promise.hpp>
#include <utility>

namespace reqivo {

class Semaphore;

namespace detail {

/// What a semaphore, its permits and its waiters share; gone with the last of them.
class SemaphoreState;

}  // namespace detail

/// The right to be one of so many; given back when destroyed, to the one who waits longest.
/// May outlive its semaphore.
class [[nodiscard]] Permit {
 public:
  Permit() noexcept = default;
  Permit(Permit&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      release();
      state_ = std::exchange(other.state_, nullptr);
    }
    return *this;
  }
  ~Permit() { release(); }

  /// Gives the permit back now.
  void release() noexcept;
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  friend class detail::SemaphoreState;
  friend class SemaphoreAwaiter;
  friend class Semaphore;
  explicit Permit(detail::SemaphoreState& state) noexcept : state_(&state) {}
  detail::SemaphoreState* state_ = nullptr;
};

/// The wait for a permit. Destroying it leaves the queue; a permit already granted goes to the
/// next.
class [[nodiscard]] SemaphoreAwaiter {
 public:
  using TakenOver = void;
  explicit SemaphoreAwaiter(detail::SemaphoreState& state) noexcept;
  /// Only before it is awaited: that is how `wait_for(semaphore.acquire(), limit)` takes it.
  SemaphoreAwaiter(SemaphoreAwaiter&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)) {}
  SemaphoreAwaiter& operator=(SemaphoreAwaiter&&) = delete;
  ~SemaphoreAwaiter();

  /// Errors: std::logic_error where it was moved from.
  [[nodiscard]] bool await_ready();
  template <detail::KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    enqueue(waiter.promise());
  }
  [[nodiscard]] Permit await_resume() noexcept;

 private:
  friend class detail::SemaphoreState;
  void enqueue(detail::PromiseBase& waiter) noexcept;

  detail::SemaphoreState* state_;
  detail::PromiseBase* waiter_ = nullptr;
  SemaphoreAwaiter* next_ = nullptr;
  SemaphoreAwaiter* previous_ = nullptr;
  bool granted_ = false;
};

/// Lets at most `permits` holders through at once, first come first served. For the tasks of one
/// thread. Errors: std::logic_error by whatever is asked of one that was moved from.
class Semaphore {
 public:
  explicit Semaphore(std::size_t permits);
  Semaphore(Semaphore&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Semaphore& operator=(Semaphore&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~Semaphore();

  /// `auto permit = co_await semaphore.acquire();`
  /// The wait does not need the semaphore to live on.
  [[nodiscard]] SemaphoreAwaiter acquire() { return SemaphoreAwaiter(state()); }
  /// A permit if one is free right now, else an empty one.
  [[nodiscard]] Permit try_acquire();
  /// Permits nobody holds or is about to be given.
  [[nodiscard]] std::size_t available() const;

 private:
  [[nodiscard]] detail::SemaphoreState& state() const;

  detail::SemaphoreState* state_;
};

}  // namespace reqivo
