// Bytes that are put together over and over in the same memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace reqivo::native {

/// Grows as it must. Made for many short parts: what std::string does for each of them costs more
/// than to copy them.
class ByteBuffer {
 public:
  ByteBuffer() noexcept = default;

  /// Room for `count` bytes behind what there is, all of which are then to be written. Valid until
  /// the next change.
  [[nodiscard]] char* extend(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    char* const room = bytes_.get() + size_;
    size_ += count;
    return room;
  }
  void append(std::string_view part) {
    if (!part.empty()) std::memcpy(extend(part.size()), part.data(), part.size());
  }
  /// Keeps the memory, unless it is large.
  void clear() noexcept {
    size_ = 0;
    if (capacity_ <= kept) return;
    bytes_.reset();
    capacity_ = 0;
  }
  /// Valid until the next change.
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.get(), size_}; }

 private:
  static constexpr std::size_t least = 512;  // a small request's head
  static constexpr std::size_t kept = 32 * 1024;

  void grow(std::size_t count) {
    const std::size_t capacity = std::max({least, 2 * capacity_, size_ + count});
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace reqivo::native
