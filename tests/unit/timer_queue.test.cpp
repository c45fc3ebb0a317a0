#include "timer_queue.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace reqivo::test {
namespace {

using detail::TimePoint;
using detail::TimerQueue;

constexpr TimePoint at(int seconds) { return TimePoint(std::chrono::seconds(seconds)); }

/// Writes its name down when it expires, and then does what it was told. The queue is the test's
/// own, and not the thread's: a node must be taken out of it by hand.
class Node final : public detail::TimerNode {
 public:
  Node(std::string* order, char name, Purpose purpose = Purpose::awaited)
      : TimerNode(purpose), order_(order), name_(name) {}
  void when_expired(std::function<void()> then) { then_ = std::move(then); }

 private:
  void expired() noexcept override {
    order_->push_back(name_);
    if (then_) then_();
  }
  std::string* order_;
  char name_;
  std::function<void()> then_;
};

TEST_CASE("housekeeping expires like any timer, and is told from what somebody awaits",
          "[kit][timer]") {
  std::string order;
  Node awaited(&order, 'a');
  Node housekeeping(&order, 'h', Node::Purpose::housekeeping);
  TimerQueue queue;
  CHECK_FALSE(queue.any_awaited());
  CHECK(queue.schedule(housekeeping, at(1)));
  CHECK(queue.earliest() == at(1));
  CHECK_FALSE(queue.any_awaited());
  queue.schedule(awaited, at(2));
  queue.schedule(awaited, at(3));
  CHECK(queue.any_awaited());
  queue.expire(at(1));
  CHECK(order == "h");
  CHECK(queue.any_awaited());
  queue.cancel(awaited);
  CHECK_FALSE(queue.any_awaited());
}

TEST_CASE("timers expire in the order of their times, once, and not early", "[kit][timer]") {
  std::string order;
  Node a(&order, 'a');
  Node b(&order, 'b');
  Node c(&order, 'c');
  TimerQueue queue;
  CHECK(queue.earliest() == std::nullopt);
  CHECK(queue.schedule(c, at(3)));
  CHECK(queue.schedule(a, at(1)));
  CHECK_FALSE(queue.schedule(b, at(2)));
  CHECK(queue.earliest() == at(1));
  queue.expire(at(0));
  CHECK(order.empty());
  queue.expire(at(2));
  CHECK(order == "ab");
  CHECK_FALSE(a.scheduled());
  CHECK(c.scheduled());
  queue.expire(at(9));
  CHECK(order == "abc");
  queue.expire(at(99));
  CHECK(order == "abc");
}

TEST_CASE("timers due at the same time expire in the order they were set", "[kit][timer]") {
  std::string order;
  std::vector<std::unique_ptr<Node>> nodes;
  TimerQueue queue;
  for (char name = 'a'; name <= 'z'; ++name) {
    nodes.push_back(std::make_unique<Node>(&order, name));
    queue.schedule(*nodes.back(), at(1));
  }
  queue.expire(at(1));
  CHECK(order == "abcdefghijklmnopqrstuvwxyz");
}

TEST_CASE("a timer that is set anew expires at its new time only", "[kit][timer]") {
  std::string order;
  Node a(&order, 'a');
  TimerQueue queue;
  queue.schedule(a, at(1));
  queue.schedule(a, at(5));
  queue.expire(at(4));
  CHECK(order.empty());
  queue.expire(at(5));
  CHECK(order == "a");
}

TEST_CASE("a timer that sets itself anew for the past waits for the next time", "[kit][timer]") {
  std::string order;
  Node a(&order, 'a');
  Node b(&order, 'b');
  Node c(&order, 'c');
  TimerQueue queue;
  a.when_expired([&] { queue.schedule(a, at(0)); });
  queue.schedule(a, at(1));
  queue.schedule(b, at(2));
  queue.schedule(c, at(3));
  queue.expire(at(3));
  CHECK(order == "abc");
  queue.expire(at(3));
  CHECK(order == "abca");
  queue.cancel(a);
}

TEST_CASE("a timer that takes another one out keeps it from expiring", "[kit][timer]") {
  std::string order;
  Node a(&order, 'a');
  Node b(&order, 'b');
  Node c(&order, 'c');
  TimerQueue queue;
  a.when_expired([&] { queue.cancel(b); });
  queue.schedule(a, at(1));
  queue.schedule(b, at(1));
  queue.schedule(c, at(1));
  queue.expire(at(1));
  CHECK(order == "ac");
}

TEST_CASE("a queue that ends leaves its timers unset", "[kit][timer]") {
  std::string order;
  Node a(&order, 'a');
  {
    TimerQueue queue;
    queue.schedule(a, at(1));
    CHECK(a.scheduled());
  }
  CHECK_FALSE(a.scheduled());
}

TEST_CASE("timers taken out from anywhere leave the others in order", "[kit][timer]") {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::string order;
    std::vector<std::unique_ptr<Node>> nodes;
    std::vector<std::pair<int, char>> expected;
    TimerQueue queue;
    for (int number = 0; number < 100; ++number) {
      const char name = static_cast<char>(' ' + number % 90);
      const int when = static_cast<int>(random() % 20);
      nodes.push_back(std::make_unique<Node>(&order, name));
      queue.schedule(*nodes.back(), at(when));
      expected.emplace_back(when, name);
    }
    for (int number = 99; number >= 0; --number) {
      if (random() % 2 == 0) continue;
      const auto place = static_cast<std::size_t>(number);
      queue.cancel(*nodes[place]);
      expected.erase(expected.begin() + number);
    }
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto& one, const auto& other) { return one.first < other.first; });
    std::string wanted;
    for (const auto& entry : expected) wanted.push_back(entry.second);
    for (int now = 0; now < 20; ++now) queue.expire(at(now));
    CHECK(order == wanted);
  }
}

}  // namespace
}  // namespace reqivo::test
