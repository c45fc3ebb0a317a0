#include <reqivo/detail/semaphore.hpp>

#include "misuse.hpp"

namespace reqivo {
namespace detail {

class SemaphoreState {
 public:
  explicit SemaphoreState(std::size_t permits) noexcept : free_(permits) {}
  SemaphoreState(const SemaphoreState&) = delete;
  SemaphoreState& operator=(const SemaphoreState&) = delete;

  void add_user() noexcept { ++users_; }
  void remove_user() noexcept {
    if (--users_ == 0) delete this;
  }
  [[nodiscard]] std::size_t available() const noexcept { return free_; }

  /// Takes a permit. Nobody is overtaken: while some wait, none is free.
  [[nodiscard]] bool take() noexcept {
    if (free_ == 0) return false;
    --free_;
    return true;
  }
  void give_back() noexcept {
    if (first_ == nullptr) {
      ++free_;
      return;
    }
    SemaphoreAwaiter& next = *first_;
    remove(next);
    next.granted_ = true;
    next.waiter_->wake();
  }
  void add(SemaphoreAwaiter& waiter) noexcept {
    waiter.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &waiter;
    last_ = &waiter;
  }
  void remove(SemaphoreAwaiter& waiter) noexcept {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
    (waiter.next_ != nullptr ? waiter.next_->previous_ : last_) = waiter.previous_;
    waiter.next_ = waiter.previous_ = nullptr;
  }

 private:
  ~SemaphoreState() = default;
  std::size_t free_;
  std::size_t users_ = 1;
  SemaphoreAwaiter* first_ = nullptr;
  SemaphoreAwaiter* last_ = nullptr;
};

}  // namespace detail

void Permit::release() noexcept {
  if (state_ == nullptr) return;
  detail::SemaphoreState& state = *std::exchange(state_, nullptr);
  state.give_back();
  state.remove_user();
}

SemaphoreAwaiter::SemaphoreAwaiter(detail::SemaphoreState& state) noexcept : state_(&state) {
  state_->add_user();
}

SemaphoreAwaiter::~SemaphoreAwaiter() {
  if (state_ == nullptr) return;
  if (granted_) {
    state_->give_back();
  } else if (waiter_ != nullptr) {
    state_->remove(*this);
  }
  state_->remove_user();
}

bool SemaphoreAwaiter::await_ready() {
  if (state_ == nullptr) detail::throw_given_away();
  granted_ = state_->take();
  return granted_;
}

void SemaphoreAwaiter::enqueue(detail::PromiseBase& waiter) noexcept {
  waiter_ = &waiter;
  state_->add(*this);
}

Permit SemaphoreAwaiter::await_resume() noexcept {
  granted_ = false;
  waiter_ = nullptr;
  state_->add_user();
  return Permit(*state_);
}

Semaphore::Semaphore(std::size_t permits) : state_(new detail::SemaphoreState(permits)) {}

Semaphore::~Semaphore() {
  if (state_ != nullptr) state_->remove_user();
}

Permit Semaphore::try_acquire() {
  if (!state().take()) return Permit();
  state().add_user();
  return Permit(state());
}

std::size_t Semaphore::available() const { return state().available(); }

detail::SemaphoreState& Semaphore::state() const {
  if (state_ == nullptr) detail::throw_misuse("reqivo: the semaphore was moved from");
  return *state_;
}

}  // namespace reqivo
