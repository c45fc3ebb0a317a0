// Generator: a coroutine that hands out values one at a time and may wait in between.
#pragma once

#include <optional>
#include <reqivo/detail/promise.hpp>
#include <stdexcept>

namespace reqivo {

template <class T>
class Generator;

namespace detail {

[[noreturn]] void throw_two_consumers();

/// What the values' type does not matter for.
class GeneratorPromiseBase : public PromiseBase {
 public:
  /// Suspends the generator at a value or at its end, and tells the consumer.
  class Handover {
   public:
    Handover() noexcept = default;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> generator) const noexcept {
      generator.promise().hand_over();
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] Handover final_suspend() noexcept {
    ended_ = true;
    return {};
  }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }
  void return_void() const noexcept {}

  /// Errors: std::logic_error where a consumer waits already, or has not yet taken what it got.
  void check_unawaited() const {
    if (awaited_) throw_two_consumers();
  }
  /// Goes on towards the next value. True: it is there, or the end is. False: the consumer is
  /// woken.
  bool advance(PromiseBase& consumer) {
    set_parent(&consumer);
    awaited_ = true;
    if (at_rest_) {
      if (ended_) return true;
      at_rest_ = false;
      self().resume();
      if (at_rest_) return true;
    }
    consumer_ = &consumer;
    return false;
  }
  /// The consumer no longer waits; the generator goes on to its next value by itself.
  void forget_consumer() noexcept {
    consumer_ = nullptr;
    awaited_ = false;
    set_parent(this);
  }
  void rethrow_failure() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

 protected:
  using PromiseBase::PromiseBase;
  ~GeneratorPromiseBase() = default;

 private:
  friend class Handover;
  void hand_over() noexcept {
    at_rest_ = true;
    if (consumer_ != nullptr) std::exchange(consumer_, nullptr)->wake();
  }

  PromiseBase* consumer_ = nullptr;
  bool at_rest_ = true;  // not started, at a value, or at its end
  bool ended_ = false;
  bool awaited_ = false;  // until the consumer has what it waits for
  std::exception_ptr failure_;
};

template <class T>
class GeneratorPromise final : public GeneratorPromiseBase {
 public:
  GeneratorPromise() noexcept
      : GeneratorPromiseBase(std::coroutine_handle<GeneratorPromise>::from_promise(*this)) {}
  [[nodiscard]] Generator<T> get_return_object() noexcept;
  [[nodiscard]] Handover yield_value(T value) {
    value_.emplace(std::move(value));
    return {};
  }
  [[nodiscard]] std::optional<T>& value() noexcept { return value_; }

 private:
  std::optional<T> value_;
};

template <class T>
class [[nodiscard]] GeneratorAwaiter {
 public:
  using TakenOver = void;
  explicit GeneratorAwaiter(GeneratorPromise<T>* promise) noexcept : promise_(promise) {}
  /// Only before it is awaited: that is how `wait_for(generator.next(), limit)` takes it.
  GeneratorAwaiter(GeneratorAwaiter&& other) noexcept
      : promise_(std::exchange(other.promise_, nullptr)),
        given_away_(std::exchange(other.given_away_, true)) {}
  GeneratorAwaiter& operator=(GeneratorAwaiter&&) = delete;
  ~GeneratorAwaiter() { stop_waiting(); }
  /// Also true where a value was made for a consumer that has gone meanwhile. Errors:
  /// std::logic_error where it was moved from.
  [[nodiscard]] bool await_ready() const {
    if (given_away_) throw_given_away();
    if (promise_ == nullptr) return true;
    promise_->check_unawaited();
    return promise_->value().has_value();
  }
  template <KitPromise Promise>
  bool await_suspend(std::coroutine_handle<Promise> consumer) {
    waiting_ = true;
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): without a promise await_ready is true
    return !promise_->advance(consumer.promise());
  }
  [[nodiscard]] std::optional<T> await_resume() {
    if (promise_ == nullptr) return std::nullopt;
    stop_waiting();
    promise_->rethrow_failure();
    return std::exchange(promise_->value(), std::nullopt);
  }

 private:
  /// Once it has its value, and not only when it is destroyed: the expression that awaits may
  /// replace the generator, or have another consumer wait, before it comes to its end.
  void stop_waiting() noexcept {
    if (std::exchange(waiting_, false)) promise_->forget_consumer();
  }

  GeneratorPromise<T>* promise_;
  bool waiting_ = false;
  bool given_away_ = false;
};

}  // namespace detail

/// An asynchronous generator: `co_yield` hands a value out, `co_await` waits for others.
///
///     while (auto value = co_await generator.next()) use(*value);
///
/// Lifetime: destroying it destroys the coroutine and what it awaits. It must not be destroyed by
/// its own body, nor while its `next()` is awaited, and what `next()` gave is not to be awaited
/// after it. A wait for `next()` that is cancelled leaves the body running to its next value, which
/// the next `next()` gives. Errors: what leaves the body is thrown by `next()`, once; after that,
/// and after the end, `next()` gives std::nullopt. With g++ 12 and 13 name an aggregate before it
/// is yielded: in braces behind `co_yield` it is destroyed twice.
template <class T>
class [[nodiscard]] Generator {
 public:
  using value_type = T;
  using promise_type = detail::GeneratorPromise<T>;

  /// A generator of nothing.
  Generator() noexcept = default;
  Generator(Generator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Generator& operator=(Generator&& other) noexcept {
    if (this != &other) {
      const Generator old(std::move(*this));
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Generator() {
    if (handle_) handle_.destroy();
  }

  /// False where there is no coroutine: it was moved from, or is a generator of nothing.
  [[nodiscard]] explicit operator bool() const noexcept { return handle_ != nullptr; }

  /// The next value, or std::nullopt at the end. Errors: std::logic_error where another consumer
  /// awaits it already.
  [[nodiscard]] detail::GeneratorAwaiter<T> next() noexcept {
    return detail::GeneratorAwaiter<T>(handle_ ? &handle_.promise() : nullptr);
  }

 private:
  friend promise_type;
  explicit Generator(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <class T>
Generator<T> detail::GeneratorPromise<T>::get_return_object() noexcept {
  return Generator<T>(std::coroutine_handle<GeneratorPromise>::from_promise(*this));
}

}  // namespace reqivo
