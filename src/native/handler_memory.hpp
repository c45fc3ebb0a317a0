// Room for one pending Asio operation, so that reading and writing allocate nothing.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace reqivo::native {

/// Holds one handler at a time; a second one, or one that is too large, comes from the heap.
class HandlerMemory {
 public:
  HandlerMemory() = default;
  HandlerMemory(const HandlerMemory&) = delete;
  HandlerMemory& operator=(const HandlerMemory&) = delete;

  [[nodiscard]] void* allocate(std::size_t size) {
    if (in_use_ || size > sizeof(room_)) return ::operator new(size);
    in_use_ = true;
    return room_;
  }
  void deallocate(void* memory) noexcept {
    if (memory == room_) {
      in_use_ = false;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  alignas(std::max_align_t) std::byte room_[384];
  bool in_use_ = false;
};

/// The allocator that Asio asks a handler for.
template <class T>
class HandlerAllocator {
 public:
  using value_type = T;
  explicit HandlerAllocator(HandlerMemory& memory) noexcept : memory_(&memory) {}
  template <class U>
  HandlerAllocator(const HandlerAllocator<U>& other) noexcept : memory_(other.memory_) {}
  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(memory_->allocate(sizeof(T) * count));
  }
  void deallocate(T* memory, std::size_t) noexcept { memory_->deallocate(memory); }
  template <class U>
  friend bool operator==(const HandlerAllocator& a, const HandlerAllocator<U>& b) noexcept {
    return a.memory_ == b.memory_;
  }

 private:
  template <class U>
  friend class HandlerAllocator;
  HandlerMemory* memory_;
};

/// A handler together with the memory its operation may use. `Function` keeps the memory's owner
/// alive.
template <class Function>
class PlacedHandler {
 public:
  using allocator_type = HandlerAllocator<std::byte>;
  PlacedHandler(HandlerMemory& memory, Function function)
      : memory_(&memory), function_(std::move(function)) {}
  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*memory_); }
  template <class... Arguments>
  void operator()(Arguments&&... arguments) {
    function_(std::forward<Arguments>(arguments)...);
  }

 private:
  HandlerMemory* memory_;
  Function function_;
};

}  // namespace reqivo::native
