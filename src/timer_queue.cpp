#include "timer_queue.hpp"

#include <algorithm>

namespace reqivo::detail {
namespace {

constexpr std::size_t children = 4;

}  // namespace

TimerQueue::~TimerQueue() {
  for (const Entry& entry : heap_) entry.node->position_ = TimerNode::not_scheduled;
}

bool TimerQueue::schedule(TimerNode& node, TimePoint when) {
  if (node.scheduled()) cancel(node);
  const Entry entry{std::max(when, expiring_at_), next_sequence_++, &node};
  heap_.push_back(entry);
  awaited_ += awaited(node);
  sift_up(heap_.size() - 1, entry);
  return node.position_ == 0;
}

void TimerQueue::cancel(TimerNode& node) noexcept {
  const std::size_t hole = node.position_;
  const Entry last = heap_.back();
  heap_.pop_back();
  node.position_ = TimerNode::not_scheduled;
  awaited_ -= awaited(node);
  if (last.node == &node) return;
  if (hole > 0 && last.before(heap_[(hole - 1) / children])) {
    sift_up(hole, last);
  } else {
    sift_down(hole, last);
  }
}

std::optional<TimePoint> TimerQueue::earliest() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().when;
}

void TimerQueue::expire(TimePoint now) noexcept {
  // What is scheduled meanwhile comes after all that is due, and its sequence tells it apart.
  const std::uint64_t end = next_sequence_;
  expiring_at_ = now;
  while (!heap_.empty()) {
    const Entry first = heap_.front();
    if (first.when > now || first.sequence >= end) break;
    cancel(*first.node);
    first.node->expired();
  }
  expiring_at_ = TimePoint::min();
}

void TimerQueue::place(std::size_t position, const Entry& entry) noexcept {
  heap_[position] = entry;
  entry.node->position_ = position;
}

/// Puts `entry` at `position` or above; what stands there is to go.
void TimerQueue::sift_up(std::size_t position, const Entry& entry) noexcept {
  while (position > 0) {
    const std::size_t above = (position - 1) / children;
    if (heap_[above].before(entry)) break;
    place(position, heap_[above]);
    position = above;
  }
  place(position, entry);
}

/// Puts `entry` at `position` or below; what stands there is to go.
void TimerQueue::sift_down(std::size_t position, const Entry& entry) noexcept {
  for (;;) {
    const std::size_t first = children * position + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + children, heap_.size());
    std::size_t least = first;
    for (std::size_t i = first + 1; i < end; ++i) {
      if (heap_[i].before(heap_[least])) least = i;
    }
    if (entry.before(heap_[least])) break;
    place(position, heap_[least]);
    position = least;
  }
  place(position, entry);
}

}  // namespace reqivo::detail
