// Which limit of a request runs out next, and which one did. Pure: it is told the time.
#pragma once

#include <memory>
#include <optional>
#include <reqivo/options.hpp>
#include <string>
#include <string_view>

#include "platform/failure.hpp"
#include "platform/transport.hpp"

namespace reqivo::detail {

/// `what`, and that it was so after `limit`.
[[nodiscard]] std::string after(std::string_view what, Duration limit);

/// The limits of one request, all settled.
struct ResolvedTimeout {
  ResolvedTimeout() = default;
  std::optional<Duration> connect = Duration(std::chrono::seconds(5));
  std::optional<Duration> read = Duration(std::chrono::seconds(5));
  std::optional<Duration> total;
  std::optional<Duration> pool;

  /// `overrides` on top of this. A total that is set widens connect and read limits that nobody
  /// set, so that `.timeout(30s)` gives a slow answer its thirty seconds.
  void apply(const Timeout& overrides);
  [[nodiscard]] bool read_is_default() const noexcept { return read_is_default_; }

 private:
  bool connect_is_default_ = true;
  bool read_is_default_ = true;
};

/// One request's clock: from the first step to the last byte of the body, redirects included.
class Deadline {
 public:
  /// `sees_connecting`: the platform tells connecting from waiting for the head
  /// (`Capabilities::connect_timeout`); where it does not, the two limits together bound the wait
  /// for the head.
  Deadline(ResolvedTimeout limits, TimePoint start, bool sees_connecting = true) noexcept
      : limits_(limits), start_(start), sees_connecting_(sees_connecting) {}

  /// When to look again: the earliest moment at which a limit could have run out. None: never.
  [[nodiscard]] std::optional<TimePoint> next_check(
      const ExchangeProgress& progress) const noexcept;
  /// The limit that has run out by `now`, if one has.
  [[nodiscard]] std::optional<Failure> expired(const ExchangeProgress& progress,
                                               TimePoint now) const;

 private:
  ResolvedTimeout limits_;
  TimePoint start_;
  bool sees_connecting_;
};

}  // namespace reqivo::detail
