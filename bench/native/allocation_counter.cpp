// The definitions of malloc and the others in the program itself come before those of the C
// library for every shared library too: glibc lets a program replace them as a set ("Replacing
// malloc" in its manual). The work is passed on to glibc's own entry points.
#include "allocation_counter.hpp"

#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstddef>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);
}

namespace {

// Constant-initialised: malloc is called before any constructor of the program has run.
constinit std::atomic<bool> counting{false};
constinit std::atomic<std::uint64_t> allocations{0};
constinit std::atomic<std::uint64_t> releases{0};
constinit std::atomic<std::uint64_t> bytes{0};

void count_allocation(std::size_t size) noexcept {
  if (!counting.load(std::memory_order_relaxed)) return;
  allocations.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(size, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count_allocation(size);
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  count_allocation(count * size);
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) {
  count_allocation(size);
  return __libc_realloc(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count_allocation(size);
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  void* const aligned = memalign(alignment, size);
  if (aligned == nullptr) return ENOMEM;
  *block = aligned;
  return 0;
}

void free(void* block) {
  if (block != nullptr && counting.load(std::memory_order_relaxed)) {
    releases.fetch_add(1, std::memory_order_relaxed);
  }
  __libc_free(block);
}

}  // extern "C"

namespace reqivo::bench {

void start_counting_allocations() {
  allocations = 0;
  releases = 0;
  bytes = 0;
  counting = true;
}

AllocationCounts stop_counting_allocations() {
  counting = false;
  return {allocations.load(), releases.load(), bytes.load()};
}

}  // namespace reqivo::bench
