// What one stretch of work costs the process that does it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "allocation_counter.hpp"

namespace reqivo::bench {

/// The cost of one stretch of work, all threads of the process together.
struct Measurement {
  double wall_seconds = 0;
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t body_bytes = 0;                 ///< What the work returned.
  std::uint64_t resident_before_kibibytes = 0;  ///< VmRSS as the work began.
  std::uint64_t peak_resident_kibibytes = 0;    ///< VmHWM since the program was loaded.
  AllocationCounts allocations;                 ///< Zero unless asked for.

  /// One line of JSON.
  [[nodiscard]] std::string to_json() const;
};

/// How a stretch of work is to be measured.
enum class Detail {
  timing,  ///< No heap calls are counted, so that the counting costs nothing.
  counts,  ///< Heap calls are counted, and marks are left for whoever traces the system calls.
};

/// Runs `work`, which returns a number of bytes received, and measures it.
Measurement measure(const std::function<std::uint64_t()>& work, Detail detail);

}  // namespace reqivo::bench
