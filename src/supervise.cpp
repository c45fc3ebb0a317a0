#include "supervise.hpp"

namespace reqivo::detail {

void Supervisor::Step::enter() noexcept {
  entered_ = true;
  previous_ = nullptr;
  next_ = supervisor_.first_;
  if (next_ != nullptr) next_->previous_ = this;
  supervisor_.first_ = this;
}

void Supervisor::Step::leave() noexcept {
  if (!entered_) return;
  entered_ = false;
  (previous_ != nullptr ? previous_->next_ : supervisor_.first_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

bool Supervisor::stop_all(std::string_view reason) noexcept {
  if (reason_.empty()) reason_ = reason;
  bool all_ended = true;
  // A step that ends may take others out of the list with it.
  while (Step* const step = first_) {
    step->leave();
    all_ended = step->stop() && all_ended;
  }
  return all_ended;
}

}  // namespace reqivo::detail
