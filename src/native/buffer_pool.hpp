// Read buffers of one thread, which connections have only while there is something in them.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace reqivo::native {

/// Last in, first out, so that a buffer is still in the processor's cache when it is used again: a
/// thousand connections that wait hold none.
class BufferPool {
 public:
  using Buffer = std::unique_ptr<char[]>;
  static constexpr std::size_t buffer_size = 16 * 1024;

  BufferPool() { free_.reserve(most_kept); }

  [[nodiscard]] Buffer take() {
    if (free_.empty()) return std::make_unique_for_overwrite<char[]>(buffer_size);
    Buffer buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }
  /// `buffer` came from `take`.
  void give_back(Buffer buffer) noexcept {
    if (free_.size() < most_kept) free_.push_back(std::move(buffer));
  }

 private:
  /// What a burst of answers leaves behind is bounded by a megabyte.
  static constexpr std::size_t most_kept = 64;
  std::vector<Buffer> free_;
};

}  // namespace reqivo::native
