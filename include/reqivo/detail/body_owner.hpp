// Who keeps a streamed body open.
#pragma once

#include <memory>

namespace reqivo::detail {

class Exchange;

/// One owner of a streamed body. When the last one goes, the exchange is aborted at once, unless
/// the body was read to its end: a read that is pending then ends with ClosedError.
class BodyOwner {
 public:
  BodyOwner() noexcept = default;
  explicit BodyOwner(std::shared_ptr<Exchange> exchange) noexcept;
  BodyOwner(const BodyOwner& other) noexcept;
  BodyOwner(BodyOwner&& other) noexcept = default;
  BodyOwner& operator=(BodyOwner other) noexcept {
    exchange_.swap(other.exchange_);
    return *this;
  }
  ~BodyOwner();

  /// Errors: std::logic_error where the stream was moved from.
  [[nodiscard]] const std::shared_ptr<Exchange>& exchange() const;

 private:
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace reqivo::detail
