// Memory that bytes of a body are received into and handed out in, so that nobody copies them.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace reqivo::native {

/// One chunk of a body while it is received. Its memory stays between chunks where it was not
/// handed out.
class BodyChunk {
 public:
  BodyChunk() = default;
  BodyChunk(const BodyChunk&) = delete;
  BodyChunk& operator=(const BodyChunk&) = delete;

  /// Makes room for `most` bytes, or as many as are likely to come at once, in place of what was
  /// received and not taken.
  void make_room(std::size_t most);
  [[nodiscard]] char* room() noexcept { return bytes_.data() + received_; }
  [[nodiscard]] std::size_t room_size() const noexcept { return bytes_.size() - received_; }
  /// `count` bytes stand in the room now: at most `room_size()`.
  void note_received(std::size_t count) noexcept { received_ += count; }
  [[nodiscard]] std::string_view received() const noexcept {
    return std::string_view(bytes_).substr(0, received_);
  }
  /// Hands out what was received.
  [[nodiscard]] std::string take();

 private:
  std::string bytes_;  // its size is that of the room; what is in it beyond `received_` is unknown
  std::size_t received_ = 0;
  std::size_t likely_ = std::numeric_limits<std::size_t>::max();  // by what came last
};

}  // namespace reqivo::native
