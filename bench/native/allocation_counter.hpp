// Counts the heap calls of the whole program, the libraries it is linked with included.
#pragma once

#include <cstdint>

namespace reqivo::bench {

/// Heap calls by any thread while counting was on.
struct AllocationCounts {
  std::uint64_t allocations = 0;  ///< malloc, calloc, realloc and the aligned ones.
  std::uint64_t releases = 0;     ///< free of anything but a null pointer.
  std::uint64_t bytes = 0;        ///< Asked for, not what is left at the end.
};

/// Sets the counts to zero and starts to count. While it is off, the cost is one branch a call.
void start_counting_allocations();

/// Stops and returns the counts since the start.
AllocationCounts stop_counting_allocations();

}  // namespace reqivo::bench
