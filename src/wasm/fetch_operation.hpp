// One fetch, as the coroutines of its transport see it: started, waited for, read, released.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <reqivo/detail/promise.hpp>
#include <string>
#include <string_view>

#include "platform/failure.hpp"

namespace reqivo::wasm {

class UploadFeed;

/// What JavaScript has told and nobody has taken yet. Destroying it aborts the fetch, unless it is
/// complete; nothing calls back afterwards.
class FetchOperation {
 public:
  /// What a fetch answers with.
  struct Head {
    int status = 0;
    bool has_body = false;
    bool is_redirect = false;  ///< only under redirect mode "manual" in a browser
    std::string text;          ///< lines, as fetch_bridge.hpp says
  };

  FetchOperation() = default;
  FetchOperation(const FetchOperation&) = delete;
  FetchOperation& operator=(const FetchOperation&) = delete;
  ~FetchOperation();

  /// `head` as reqivo_fetch_start takes it; `body` may be null, and outlives the operation.
  void start(std::string_view head, const std::string* body);
  /// The body goes piece by piece, as `feed` is asked for it; that outlives the operation.
  void start_streamed(std::string_view head, UploadFeed& feed);
  void send_piece(std::string_view piece);
  void end_upload();
  void ask_for_chunk();

  /// `co_await operation.told()`: suspends until there is something to take.
  class Told;
  [[nodiscard]] Told told() noexcept;

  [[nodiscard]] std::optional<Head>& head() noexcept { return head_; }
  [[nodiscard]] std::optional<detail::Failure>& failure() noexcept { return failure_; }
  /// The bytes that were asked for; empty at the end of the body.
  [[nodiscard]] std::optional<std::string>& chunk() noexcept { return chunk_; }

  /// There is something to take.
  [[nodiscard]] bool at_hand() const noexcept { return head_ || failure_ || chunk_; }
  /// Has `waiter` woken by what comes next. Only where nobody waits.
  void set_waiter(detail::PromiseBase& waiter) noexcept;
  /// Nobody waits any more, if anybody did.
  void forget_waiter() noexcept;

  // What fetch_bridge.hpp promises to JavaScript; each but the first wakes who waits.
  [[nodiscard]] char* allocate(std::size_t size) noexcept;
  void take_head(int status, bool has_body, bool is_redirect);
  void take_chunk();
  void take_end();
  void take_failure();

 private:
  void wake() noexcept;

  std::int32_t handle_ = 0;
  bool head_seen_ = false;
  bool chunk_asked_ = false;
  std::string arriving_;
  std::optional<Head> head_;
  std::optional<std::string> chunk_;
  std::optional<detail::Failure> failure_;
  detail::PromiseBase* waiter_ = nullptr;
};

class [[nodiscard]] FetchOperation::Told {
 public:
  explicit Told(FetchOperation& operation) noexcept : operation_(operation) {}
  Told(const Told&) = delete;
  Told& operator=(const Told&) = delete;
  ~Told() { operation_.forget_waiter(); }

  [[nodiscard]] bool await_ready() const noexcept { return operation_.at_hand(); }
  template <detail::KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    operation_.set_waiter(waiter.promise());
  }
  void await_resume() noexcept { operation_.forget_waiter(); }

 private:
  FetchOperation& operation_;
};

inline FetchOperation::Told FetchOperation::told() noexcept { return Told(*this); }

/// The first line of `text`, without its LF, and cuts it off.
[[nodiscard]] std::string_view take_line(std::string_view& text) noexcept;

}  // namespace reqivo::wasm
