#include "timer_queue.hpp"

#include <algorithm>

namespace reqivo::detail {

TimerQueue::~TimerQueue() {
  for (TimerNode* node : heap_) node->position_ = TimerNode::not_scheduled;
}

bool TimerQueue::schedule(TimerNode& node, TimePoint when) {
  if (node.scheduled()) cancel(node);
  heap_.push_back(&node);
  node.when_ = std::max(when, expiring_at_);
  node.sequence_ = next_sequence_++;
  place(heap_.size() - 1, &node);
  sift_up(node.position_);
  return heap_.front() == &node;
}

void TimerQueue::cancel(TimerNode& node) noexcept {
  const std::size_t hole = node.position_;
  TimerNode* const last = heap_.back();
  heap_.pop_back();
  node.position_ = TimerNode::not_scheduled;
  if (last == &node) return;
  place(hole, last);
  sift_up(hole);
  sift_down(last->position_);
}

std::optional<TimePoint> TimerQueue::earliest() const noexcept {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->when_;
}

void TimerQueue::expire(TimePoint now) noexcept {
  // What is scheduled meanwhile comes after all that is due, and its sequence tells it apart.
  const std::uint64_t end = next_sequence_;
  expiring_at_ = now;
  while (!heap_.empty()) {
    TimerNode& first = *heap_.front();
    if (first.when_ > now || first.sequence_ >= end) break;
    cancel(first);
    first.expired();
  }
  expiring_at_ = TimePoint::min();
}

void TimerQueue::place(std::size_t position, TimerNode* node) noexcept {
  heap_[position] = node;
  node->position_ = position;
}

void TimerQueue::sift_up(std::size_t position) noexcept {
  TimerNode* const node = heap_[position];
  while (position > 0) {
    const std::size_t above = (position - 1) / 2;
    if (before(*heap_[above], *node)) break;
    place(position, heap_[above]);
    position = above;
  }
  place(position, node);
}

void TimerQueue::sift_down(std::size_t position) noexcept {
  TimerNode* const node = heap_[position];
  for (;;) {
    std::size_t below = 2 * position + 1;
    if (below >= heap_.size()) break;
    if (below + 1 < heap_.size() && before(*heap_[below + 1], *heap_[below])) ++below;
    if (before(*node, *heap_[below])) break;
    place(position, heap_[below]);
    position = below;
  }
  place(position, node);
}

}  // namespace reqivo::detail
