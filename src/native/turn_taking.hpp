// A peer that is faster than we are never makes us wait.
#pragma once

#include "scheduler.hpp"

namespace reqivo::native {

/// Counts steps that may all be done without a wait.
class TurnTaking {
 public:
  /// Called once a step. True: `co_await detail::NextTurn()` first, so that timers, input and other
  /// coroutines have their turn.
  [[nodiscard]] bool others_turn() noexcept { return ++steps_ % most_at_once == 0; }

 private:
  /// A few milliseconds' worth, beside which a turn costs little.
  static constexpr unsigned most_at_once = 16;
  unsigned steps_ = 0;
};

}  // namespace reqivo::native
