// Small things that tests of coroutines await and watch.
#pragma once

#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <list>
#include <reqivo/async.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace reqivo::test {

/// `co_await gate.wait()` goes on when the test opens the gate, and at once while it is open.
class Gate {
 public:
  class Wait {
   public:
    explicit Wait(Gate& gate) noexcept : gate_(gate) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait() {
      if (waiter_ != nullptr) gate_.waiting_.erase(place_);
    }
    [[nodiscard]] bool await_ready() const noexcept { return gate_.open_; }
    template <detail::KitPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) {
      waiter_ = &waiter.promise();
      place_ = gate_.waiting_.insert(gate_.waiting_.end(), waiter_);
    }
    void await_resume() const noexcept {}

   private:
    Gate& gate_;
    detail::PromiseBase* waiter_ = nullptr;
    std::list<detail::PromiseBase*>::iterator place_;
  };

  [[nodiscard]] Wait wait() noexcept { return Wait(*this); }
  void open() {
    open_ = true;
    for (detail::PromiseBase* waiter : waiting_) waiter->wake();
  }
  void shut() noexcept { open_ = false; }
  /// How many wait at it.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  std::list<detail::PromiseBase*> waiting_;
  bool open_ = false;
};

/// Counts its own destruction: a local of a coroutine that shows when the coroutine was destroyed.
class Witness {
 public:
  explicit Witness(int* destroyed) noexcept : destroyed_(destroyed) {}
  Witness(Witness&& other) noexcept : destroyed_(std::exchange(other.destroyed_, nullptr)) {}
  Witness& operator=(Witness&&) = delete;
  ~Witness() {
    if (destroyed_ != nullptr) ++*destroyed_;
  }

 private:
  int* destroyed_;
};

/// Waits at the gate for ever, or until the gate is opened.
inline Task<void> hold(Gate* gate, int* destroyed) {
  const Witness witness(destroyed);
  co_await gate->wait();
}

/// Awaits the handle and says what came of it: "value", "cancelled", or the failure's text.
template <class T>
Task<void> note_outcome(JoinHandle<T>* handle, std::string* outcome) {
  try {
    static_cast<void>(co_await *handle);
    *outcome = "value";
  } catch (const Error& error) {
    *outcome = error.code() == ErrorCode::cancelled ? "cancelled" : error.what();
  } catch (const std::exception& error) {
    *outcome = error.what();
  }
}

/// How much stack its calls were apart.
class StackMeter {
 public:
  [[gnu::noinline]] void measure() noexcept {
    // Not the address of a local: AddressSanitizer keeps those elsewhere.
    const auto address = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    lowest_ = std::min(lowest_, address);
    highest_ = std::max(highest_, address);
  }
  [[nodiscard]] std::size_t span() const noexcept { return highest_ - lowest_; }

 private:
  std::uintptr_t lowest_ = UINTPTR_MAX;
  std::uintptr_t highest_ = 0;
};

/// More would mean that stack is used for each of many awaits.
inline constexpr std::size_t constant_stack = 16 * 1024;
inline constexpr int one_million = 1'000'000;

template <class T>
Task<T> value_of(T value) {
  co_return value;
}

/// Whether it fails with this very type or one derived from it.
template <class Failure, class T>
Task<bool> fails(Task<T> task) {
  try {
    static_cast<void>(co_await std::move(task));
  } catch (const Failure&) {
    co_return true;
  }
  co_return false;
}

inline Task<int> fail_with(std::string text) {
  throw std::runtime_error(text);
  co_return 0;
}

}  // namespace reqivo::test
