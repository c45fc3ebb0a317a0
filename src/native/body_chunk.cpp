// Compiled as C++23, for std::string::resize_and_overwrite.
#include "native/body_chunk.hpp"

#include <algorithm>
#include <utility>

namespace reqivo::native {
namespace {

constexpr std::size_t least_room = 4 * 1024;

/// Gives `text` the size without filling it first, where the standard library can.
template <typename String>
void resize_for_overwrite(String& text, std::size_t size) {
  if constexpr (requires {
                  text.resize_and_overwrite(size, [](char*, std::size_t) { return 0; });
                }) {
    text.resize_and_overwrite(size, [](char*, std::size_t all) { return all; });
  } else {
    text.resize(size);
  }
}

}  // namespace

void BodyChunk::make_room(std::size_t most) {
  received_ = 0;
  const std::size_t size = std::min(most, likely_);
  if (bytes_.size() < size || bytes_.capacity() / 2 > size) {
    std::string().swap(bytes_);  // growing would copy what is of no use
    resize_for_overwrite(bytes_, size);
  } else {
    bytes_.resize(size);
  }
}

std::string BodyChunk::take() {
  const std::size_t count = std::exchange(received_, 0);
  // Twice as much as came leaves room for more, and yet can be handed out as it is.
  likely_ = std::max(2 * count, least_room);
  // Whoever collects the chunks of a server that sends a few bytes at a time is not to hold a
  // hundred times as much memory as there are bytes.
  if (count < bytes_.capacity() / 2) return bytes_.substr(0, count);
  bytes_.resize(count);
  return std::exchange(bytes_, {});
}

}  // namespace reqivo::native
