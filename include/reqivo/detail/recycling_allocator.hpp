// Memory from the pool of coroutine frames, for what is made and destroyed once for each request.
#pragma once

#include <cstddef>
#include <reqivo/detail/frame_pool.hpp>

namespace reqivo::detail {

/// For objects and lists that malloc has no quick list for, which it then merges and splits again
/// each time. Unlike a frame, what it gave may be freed by any thread, which keeps it then.
template <class T>
class RecyclingAllocator {
 public:
  using value_type = T;

  RecyclingAllocator() noexcept = default;
  template <class U>
  RecyclingAllocator(const RecyclingAllocator<U>&) noexcept {}  // NOLINT: allocators convert

  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    return static_cast<T*>(allocate_frame(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept { free_frame(memory, count * sizeof(T)); }

  friend bool operator==(const RecyclingAllocator&, const RecyclingAllocator&) noexcept = default;
};

}  // namespace reqivo::detail
