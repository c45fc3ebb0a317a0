// Limits of an exchange on plain time points.
#include "deadline.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <optional>

namespace reqivo::detail {
namespace {

using namespace std::chrono_literals;

/// A clock that stands still until it is told.
class Clock final : public EventLoop {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return time; }
  void wake_soon() noexcept override {}
  void timer_due_at(TimePoint) noexcept override {}
  bool run_until(const bool&) override { return false; }
  TimePoint time{1h};
};

const TimePoint start{1h};

ResolvedTimeout limits(const Timeout& session, const Timeout& request = Timeout()) {
  ResolvedTimeout resolved;
  resolved.apply(session);
  resolved.apply(request);
  return resolved;
}

class Exchange {
 public:
  explicit Exchange(const ResolvedTimeout& bounds, bool sees_connecting = true)
      : deadline(bounds, start, sees_connecting) {}
  void enter(std::chrono::milliseconds at, Phase phase) {
    clock.time = start + at;
    progress.enter(phase);
  }
  void moved(std::chrono::milliseconds at) {
    clock.time = start + at;
    progress.moved();
  }
  /// When it looks again, in milliseconds after its start; -1: never.
  [[nodiscard]] long next() const {
    const auto check = deadline.next_check(progress);
    if (!check) return -1;
    return static_cast<long>(
        std::chrono::duration_cast<std::chrono::milliseconds>(*check - start).count());
  }
  /// What has run out at that time; `other` for nothing.
  [[nodiscard]] ErrorCode expired(std::chrono::milliseconds at) const {
    const auto failure = deadline.expired(progress, start + at);
    return failure ? failure->code : ErrorCode::other;
  }

  Clock clock;
  ExchangeProgress progress{clock, start};
  Deadline deadline;
};

TEST_CASE("by default connecting and silence have five seconds each, pool and total none") {
  Exchange exchange{ResolvedTimeout()};
  CHECK(exchange.next() == -1);
  exchange.enter(0ms, Phase::pool);
  CHECK(exchange.next() == -1);
  exchange.enter(1000ms, Phase::resolve);
  CHECK(exchange.next() == 6000);
  exchange.enter(2000ms, Phase::send);
  CHECK(exchange.next() == 7000);
  CHECK(exchange.expired(6999ms) == ErrorCode::other);
  CHECK(exchange.expired(7000ms) == ErrorCode::read_timeout);
}

TEST_CASE("resolving, connecting and the handshake share one limit") {
  Exchange exchange(limits(Timeout().connect(1s)));
  exchange.enter(500ms, Phase::resolve);
  exchange.enter(800ms, Phase::connect);
  exchange.enter(1400ms, Phase::tls);
  CHECK(exchange.next() == 1500);
  CHECK(exchange.expired(1500ms) == ErrorCode::connect_timeout);
  const auto failure = exchange.deadline.expired(exchange.progress, start + 1500ms);
  CHECK(failure->phase == Phase::tls);
  CHECK(failure->retryable);
  exchange.enter(1450ms, Phase::head);
  CHECK(exchange.expired(1500ms) == ErrorCode::other);
  exchange.enter(2000ms, Phase::connect);  // a second connection has its own
  CHECK(exchange.next() == 3000);
}

TEST_CASE("bytes move the read limit, in each of sending, waiting and reading") {
  Exchange exchange(limits(Timeout().read(1s)));
  for (const Phase phase : {Phase::send, Phase::head, Phase::body}) {
    exchange.enter(0ms, phase);
    exchange.moved(700ms);
    CHECK(exchange.next() == 1700);
    CHECK(exchange.expired(1699ms) == ErrorCode::other);
    CHECK(exchange.expired(1700ms) == ErrorCode::read_timeout);
  }
  const auto failure = exchange.deadline.expired(exchange.progress, start + 2s);
  CHECK_FALSE(failure->retryable);
}

TEST_CASE("while the caller's own code is at work only the total goes on") {
  Exchange exchange(limits(Timeout().read(1s).total(10s)));
  exchange.enter(0ms, Phase::send);
  CHECK(exchange.next() == 1000);
  exchange.progress.callers_turn_began();
  CHECK(exchange.next() == 10000);
  CHECK(exchange.expired(5s) == ErrorCode::other);
  CHECK(exchange.expired(10s) == ErrorCode::total_timeout);
  exchange.clock.time = start + 5s;
  exchange.progress.callers_turn_ended();
  CHECK(exchange.next() == 6000);
  CHECK(exchange.expired(6s) == ErrorCode::read_timeout);
}

TEST_CASE("waiting for a connection has its own limit") {
  Exchange exchange(limits(Timeout().pool(2s)));
  exchange.enter(1000ms, Phase::pool);
  CHECK(exchange.next() == 3000);
  CHECK(exchange.expired(3000ms) == ErrorCode::pool_timeout);
}

TEST_CASE("the total runs through all phases, and the limit that ran out first is named") {
  Exchange exchange(limits(Timeout().total(3s).connect(2s).read(2s)));
  CHECK(exchange.next() == 3000);
  exchange.enter(500ms, Phase::connect);
  CHECK(exchange.next() == 2500);
  CHECK(exchange.expired(10s) == ErrorCode::connect_timeout);
  exchange.enter(1500ms, Phase::head);
  CHECK(exchange.next() == 3000);
  CHECK(exchange.expired(10s) == ErrorCode::total_timeout);
}

TEST_CASE("a total widens step limits that nobody set, and no others") {
  const ResolvedTimeout alone = limits(Timeout().total(30s));
  CHECK(alone.connect == Duration(30s));
  CHECK(alone.read == Duration(30s));
  const ResolvedTimeout narrow = limits(Timeout().total(1s));
  CHECK(narrow.connect == Duration(5s));
  const ResolvedTimeout set = limits(Timeout().read(2s), Timeout().total(30s));
  CHECK(set.read == Duration(2s));
  CHECK(set.connect == Duration(30s));
  const ResolvedTimeout none = limits(Timeout().total(30s), Timeout().total(std::nullopt).pool(1s));
  CHECK_FALSE(none.total);
  CHECK(none.pool == Duration(1s));
}

TEST_CASE("no limit means none, zero means zero, and the longest duration does not overflow") {
  Exchange unlimited(limits(Timeout().read(std::nullopt).connect(std::nullopt)));
  unlimited.enter(0ms, Phase::head);
  CHECK(unlimited.next() == -1);
  Exchange zero(limits(Timeout().total(0s)));
  CHECK(zero.expired(0ms) == ErrorCode::total_timeout);
  Exchange longest(
      limits(Timeout().total(std::chrono::hours::max()).read(Duration(std::chrono::hours::max()))));
  longest.enter(0ms, Phase::head);
  CHECK(longest.expired(1000h) == ErrorCode::other);
}

TEST_CASE("a limit below zero waited for nothing") {
  CHECK(after("not finished", Duration(5s)) == "not finished after 5000 ms");
  CHECK(after("not finished", Duration(-5s)) == "not finished after 0 ms");
}

TEST_CASE("where connecting is hidden, both limits together bound the wait for the head") {
  Exchange exchange(limits(Timeout().connect(1s).read(2s)), false);
  exchange.enter(500ms, Phase::head);
  CHECK(exchange.next() == 3500);
  CHECK(exchange.expired(3500ms) == ErrorCode::read_timeout);
  exchange.enter(600ms, Phase::body);
  CHECK(exchange.next() == 2600);
  Exchange unlimited(limits(Timeout().connect(std::nullopt)), false);
  unlimited.enter(0ms, Phase::head);
  CHECK(unlimited.next() == -1);
}

TEST_CASE("where connecting is hidden, two limits of any size do not overflow") {
  const Duration longest(std::chrono::hours::max());
  const Duration shortest(std::chrono::hours::min());
  Exchange at_once(limits(Timeout().connect(shortest).read(shortest)), false);
  at_once.enter(0ms, Phase::head);
  CHECK(at_once.expired(0ms) == ErrorCode::read_timeout);
  Exchange never(limits(Timeout().connect(longest).read(longest)), false);
  never.enter(0ms, Phase::head);
  CHECK(never.expired(1000h) == ErrorCode::other);
}

TEST_CASE("a body that is sent unseen has its time, unless somebody set a limit for reading") {
  Exchange exchange(limits(Timeout().connect(1s)), false);
  exchange.progress.sends_unseen(100);
  exchange.enter(0ms, Phase::head);
  CHECK(exchange.next() == 6000);
  exchange.progress.sends_unseen(1'000'000);
  CHECK(exchange.next() == 14000);
  CHECK(exchange.expired(13999ms) == ErrorCode::other);
  CHECK(exchange.expired(14000ms) == ErrorCode::read_timeout);
  exchange.enter(1000ms, Phase::body);  // whatever comes from here on is seen
  CHECK(exchange.next() == 6000);
  exchange.progress.sends_unseen(0);
  exchange.enter(1000ms, Phase::head);
  CHECK(exchange.next() == 7000);

  Exchange limited(limits(Timeout().connect(1s).read(2s)), false);
  limited.progress.sends_unseen(1'000'000);
  limited.enter(0ms, Phase::head);
  CHECK(limited.next() == 3000);
}

}  // namespace
}  // namespace reqivo::detail
