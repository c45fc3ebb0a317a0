// One type for every span of time a caller may hand over.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>

namespace reqivo {

/// Any std::chrono duration (3s, 250ms, 0.5s), held in nanoseconds; one too long for that is held
/// as the longest there is (292 years), and so is one that is not a number; one below zero stays
/// below zero.
class Duration {
 public:
  template <class Rep, class Period>
  constexpr Duration(std::chrono::duration<Rep, Period> value) noexcept  // NOLINT: meant to convert
      : nanoseconds_(saturate(value)) {}

  [[nodiscard]] constexpr std::chrono::nanoseconds nanoseconds() const noexcept {
    return nanoseconds_;
  }

  friend constexpr bool operator==(Duration, Duration) noexcept = default;

 private:
  template <class Rep, class Period>
  static constexpr std::chrono::nanoseconds saturate(
      std::chrono::duration<Rep, Period> value) noexcept {
    using Approximate = std::chrono::duration<double, std::nano>;
    constexpr double bound = 9.2e18;  // just inside what int64 nanoseconds hold
    const double wide = std::chrono::duration_cast<Approximate>(value).count();
    if (!(wide <= bound)) return std::chrono::nanoseconds::max();
    if (wide < -bound) return std::chrono::nanoseconds::min();
    using Factor = std::ratio_divide<Period, std::nano>;
    if constexpr (std::is_integral_v<Rep> && Factor::num != 1 && Factor::den != 1) {
      // In two steps: what duration_cast multiplies first may be larger than the result.
      using Wide = std::common_type_t<Rep, std::intmax_t>;
      constexpr auto divisor = static_cast<Wide>(Factor::den);
      const auto count = static_cast<Wide>(value.count());
      const auto whole = static_cast<std::intmax_t>(count / divisor);
      const auto rest = static_cast<std::intmax_t>(count % divisor);
      return std::chrono::nanoseconds(whole * Factor::num + rest * Factor::num / Factor::den);
    } else {
      return std::chrono::duration_cast<std::chrono::nanoseconds>(value);
    }
  }

  std::chrono::nanoseconds nanoseconds_;
};

}  // namespace reqivo
