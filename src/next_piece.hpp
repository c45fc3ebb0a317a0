// Pulls on the body of a request that the caller streams.
#pragma once

#include <memory>
#include <optional>
#include <reqivo/detail/task.hpp>
#include <string>

#include "platform/transport.hpp"
#include "scheduler.hpp"

namespace reqivo::detail {

/// While the caller's generator is at work, also where that is cancelled.
class CallersTurn {
 public:
  explicit CallersTurn(ExchangeProgress& progress) noexcept : progress_(progress) {
    progress_.callers_turn_began();
  }
  CallersTurn(const CallersTurn&) = delete;
  CallersTurn& operator=(const CallersTurn&) = delete;
  ~CallersTurn() {
    // A request may outlive its thread's loop, and what counts its time with it.
    if (Scheduler::existing() != nullptr) progress_.callers_turn_ended();
  }

 private:
  ExchangeProgress& progress_;
};

/// The next piece of `source`. A generator that never waits lets others have their turn all the
/// same.
inline Task<std::optional<std::string>> next_piece(std::shared_ptr<UploadSource> source,
                                                   std::shared_ptr<ExchangeProgress> progress) {
  std::optional<std::string> piece;
  {
    const CallersTurn turn(*progress);
    piece = co_await source->next();
  }
  if (Scheduler::current().had_its_share(progress->last_activity())) co_await NextTurn();
  co_return piece;
}

}  // namespace reqivo::detail
