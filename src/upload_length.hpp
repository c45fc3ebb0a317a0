// What both platforms hold a request body against: the length given for it, and an early answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "concatenate.hpp"
#include "platform/failure.hpp"

namespace reqivo::detail {

/// Whether an answer with `status`, which comes before the server has the whole body, ends the
/// sending: it refuses the body, or sends the client elsewhere.
[[nodiscard]] constexpr bool refuses_upload(int status) noexcept { return status >= 300; }

/// Counts the pieces of a streamed body; both platforms fail alike where the length is wrong.
class UploadLength {
 public:
  /// std::nullopt: no length was given, and any is right.
  explicit UploadLength(std::optional<std::uint64_t> length) noexcept : remaining_(length) {}

  /// Another `size` bytes are about to go. Failure: more than the length allows.
  [[nodiscard]] std::optional<Failure> take(std::size_t size) {
    if (!remaining_) return std::nullopt;
    if (size > *remaining_) return wrong("longer");
    *remaining_ -= size;
    return std::nullopt;
  }
  /// No more bytes come. Failure: fewer have gone than the length says.
  [[nodiscard]] std::optional<Failure> end() const {
    if (remaining_.value_or(0) == 0) return std::nullopt;
    return wrong("shorter");
  }

 private:
  static Failure wrong(std::string_view how) {
    return Failure(ErrorCode::invalid_request, Phase::send,
                   concatenate({"the streamed body is ", how, " than the length given for it"}));
  }

  std::optional<std::uint64_t> remaining_;
};

}  // namespace reqivo::detail
