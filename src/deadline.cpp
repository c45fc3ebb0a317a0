#include "deadline.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

#include "concatenate.hpp"

namespace reqivo::detail {
namespace {

/// Steps that count as connecting. A platform that hides them goes from `url` straight to `send` or
/// `head`.
bool connecting(Phase phase) noexcept {
  return phase == Phase::resolve || phase == Phase::connect || phase == Phase::tls;
}

bool exchanging(Phase phase) noexcept {
  return phase == Phase::send || phase == Phase::head || phase == Phase::body;
}

/// The limit of one step: when it runs out, and what to say then.
struct StepLimit {
  StepLimit(TimePoint when_due, ErrorCode which, Duration how_long, std::string_view say)
      : due(when_due), code(which), limit(how_long), text(say) {}
  TimePoint due;
  ErrorCode code;
  Duration limit;
  std::string_view text;
};

std::optional<StepLimit> step_limit(const ResolvedTimeout& limits, const ExchangeProgress& progress,
                                    bool sees_connecting) {
  if (progress.is_callers_turn()) return std::nullopt;
  const Phase phase = progress.phase();
  if (!sees_connecting && (phase == Phase::send || phase == Phase::head)) {
    if (!limits.connect || !limits.read) return std::nullopt;
    // Who sets a limit gets it, at the risk that the body needs longer.
    const TimePoint last = progress.last_activity();
    TimePoint sent = last;
    if (limits.read_is_default()) sent = saturating_add(sent, progress.unseen_upload());
    const TimePoint connected = saturating_add(sent, *limits.connect);
    const TimePoint due = saturating_add(connected, *limits.read);
    return StepLimit(due, ErrorCode::read_timeout, std::max(due, last) - last, "no answer came");
  }
  if (phase == Phase::pool && limits.pool) {
    return StepLimit(saturating_add(progress.phase_start(), *limits.pool), ErrorCode::pool_timeout,
                     *limits.pool, "no connection became free");
  }
  if (connecting(phase) && limits.connect) {
    return StepLimit(saturating_add(progress.connecting_since(), *limits.connect),
                     ErrorCode::connect_timeout, *limits.connect, "not connected");
  }
  if (exchanging(phase) && limits.read) {
    return StepLimit(saturating_add(progress.last_activity(), *limits.read),
                     ErrorCode::read_timeout, *limits.read, "no byte came");
  }
  return std::nullopt;
}

}  // namespace

std::string after(std::string_view what, Duration limit) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(limit.nanoseconds()).count();
  // Where it is negative, nothing was waited for.
  const auto waited = static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 0));
  return concatenate({what, " after ", decimal(waited), " ms"});
}

void ResolvedTimeout::apply(const Timeout& overrides) {
  if (overrides.connect().is_set()) {
    connect = overrides.connect().value();
    connect_is_default_ = false;
  }
  if (overrides.read().is_set()) {
    read = overrides.read().value();
    read_is_default_ = false;
  }
  if (overrides.pool().is_set()) pool = overrides.pool().value();
  if (!overrides.total().is_set()) return;
  total = overrides.total().value();
  if (!total) return;
  const auto widen = [this](std::optional<Duration>& limit) {
    if (limit && limit->nanoseconds() < total->nanoseconds()) limit = total;
  };
  if (connect_is_default_) widen(connect);
  if (read_is_default_) widen(read);
}

std::optional<TimePoint> Deadline::next_check(const ExchangeProgress& progress) const noexcept {
  std::optional<TimePoint> check;
  if (limits_.total) check = saturating_add(start_, *limits_.total);
  if (const auto step = step_limit(limits_, progress, sees_connecting_)) {
    check = check ? std::min(*check, step->due) : step->due;
  }
  return check;
}

std::optional<Failure> Deadline::expired(const ExchangeProgress& progress, TimePoint now) const {
  const Phase phase = progress.phase();
  const bool nothing_sent = !exchanging(phase);
  const auto step = step_limit(limits_, progress, sees_connecting_);
  const bool step_is_first =
      step && (!limits_.total || step->due < saturating_add(start_, *limits_.total));
  if (step && step_is_first && now >= step->due) {
    return Failure(step->code, phase, after(step->text, step->limit), nothing_sent);
  }
  if (limits_.total && now >= saturating_add(start_, *limits_.total)) {
    return Failure(ErrorCode::total_timeout, phase, after("not finished", *limits_.total),
                   nothing_sent);
  }
  return std::nullopt;
}

}  // namespace reqivo::detail
