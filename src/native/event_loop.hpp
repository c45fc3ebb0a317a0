// The native event loop: an io_context of the thread's own.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <memory>
#include <optional>

#include "platform/event_loop.hpp"

namespace reqivo::native {

/// Drives Asio and the scheduler in turn. One Asio timer serves all timers of the thread and is
/// moved only when an earlier one comes up: requests that end in time cost no timer system call.
class AsioEventLoop final : public detail::EventLoop {
 public:
  explicit AsioEventLoop(detail::Scheduler& scheduler);
  ~AsioEventLoop() override;

  /// This thread's loop. Lifetime: the thread's.
  static AsioEventLoop& current();

  /// Shared, so that sockets of an object that outlives the thread's loop still have their context.
  [[nodiscard]] const std::shared_ptr<asio::io_context>& context() const noexcept {
    return context_;
  }

  [[nodiscard]] detail::TimePoint now() const noexcept override;
  void wake_soon() noexcept override;
  void timer_due_at(detail::TimePoint when) noexcept override;
  bool run_until(const bool& done) override;

 private:
  class Driven;
  void arm_timer() noexcept;
  /// A timer that nobody waits for must not look like work to wait for.
  void disarm_timer() noexcept;
  void turn_from_outside() noexcept;

  detail::Scheduler& scheduler_;
  std::shared_ptr<asio::io_context> context_;
  asio::steady_timer timer_;
  std::optional<detail::TimePoint> armed_for_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool driven_ = false;
  bool wake_posted_ = false;
};

}  // namespace reqivo::native
