// All timers of one thread, earliest first. Pure: it is told the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <reqivo/detail/timer.hpp>
#include <vector>

namespace reqivo::detail {

/// A heap; of two due at the same time, the one scheduled first comes first. Each node knows its
/// place, so that taking one out costs log n and no search. What is compared stands in the heap
/// itself and four at a time: the nodes are all over memory.
class TimerQueue {
 public:
  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;
  /// Nodes that are left do nothing any more.
  ~TimerQueue();

  /// True where the node is the earliest now.
  bool schedule(TimerNode& node, TimePoint when);
  void cancel(TimerNode& node) noexcept;
  [[nodiscard]] std::optional<TimePoint> earliest() const noexcept;
  /// Whether any node is more than housekeeping.
  [[nodiscard]] bool any_awaited() const noexcept { return awaited_ > 0; }
  /// Takes out and calls every node due at `now`. Nodes scheduled by those calls wait for the next
  /// time.
  void expire(TimePoint now) noexcept;

 private:
  struct Entry {
    TimePoint when;
    std::uint64_t sequence;
    TimerNode* node;

    [[nodiscard]] bool before(const Entry& other) const noexcept {
      return when != other.when ? when < other.when : sequence < other.sequence;
    }
  };

  void place(std::size_t position, const Entry& entry) noexcept;
  void sift_up(std::size_t position, const Entry& entry) noexcept;
  void sift_down(std::size_t position, const Entry& entry) noexcept;

  [[nodiscard]] static std::size_t awaited(const TimerNode& node) noexcept {
    return node.purpose_ == TimerNode::Purpose::awaited ? 1 : 0;
  }

  std::vector<Entry> heap_;
  std::size_t awaited_ = 0;
  std::uint64_t next_sequence_ = 0;
  TimePoint expiring_at_ = TimePoint::min();  // nothing is scheduled before it meanwhile
};

}  // namespace reqivo::detail
