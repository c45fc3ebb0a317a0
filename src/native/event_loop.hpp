// The native event loop: an io_context of the thread's own, and a reactor for its connections.
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <memory>

#include "native/reactor.hpp"
#include "platform/event_loop.hpp"

namespace reqivo::native {

/// Drives the scheduler, the reactor and Asio in turn. Where Asio has nothing to do, which is
/// always but while something resolves or connects, the loop waits in the reactor alone. Otherwise
/// Asio waits, for the reactor as well. The reactor's alarm serves all timers of the thread.
class AsioEventLoop final : public detail::EventLoop {
 public:
  explicit AsioEventLoop(detail::Scheduler& scheduler);
  ~AsioEventLoop() override;

  /// This thread's loop. Lifetime: the thread's.
  static AsioEventLoop& current();

  /// Shared, so that what outlives the thread's loop still has its context. Whoever starts an
  /// operation in it holds an `AsioUse` meanwhile.
  [[nodiscard]] const std::shared_ptr<asio::io_context>& context() const noexcept {
    return context_;
  }
  /// Shared for the same reason.
  [[nodiscard]] const std::shared_ptr<Reactor>& reactor() const noexcept { return reactor_; }
  /// The program may use the context too from here on, and drive it: Asio always waits then.
  void lend_context();

  [[nodiscard]] detail::TimePoint now() const noexcept override;
  void wake_soon() noexcept override;
  void timer_due_at(detail::TimePoint when) noexcept override;
  bool run_until(const bool& done) override;

 private:
  friend class AsioUse;
  class Driven;
  // Both: false where nothing is left to wait for.
  [[nodiscard]] bool wait_in_reactor(bool more_to_do) noexcept;
  [[nodiscard]] bool wait_in_asio(bool more_to_do);
  /// Sets the alarm. False: nobody waits for a timer or a socket. Idle connections and the timer
  /// that closes them are looked after while the loop waits for something else.
  bool set_alarm() noexcept;
  /// Makes Asio wake up when the reactor has something to tell. What nobody waits for must not look
  /// like work to wait for.
  void arm();
  void turn_from_outside() noexcept;
  /// The program drives the context right now, or may do so next.
  [[nodiscard]] bool waits_outside() const noexcept { return lent_ && !driven_; }

  detail::Scheduler& scheduler_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::shared_ptr<asio::io_context> context_;
  std::shared_ptr<Reactor> reactor_;
  std::shared_ptr<std::size_t> asio_uses_ = std::make_shared<std::size_t>(0);
  bool lent_ = false;
  bool driven_ = false;
  bool wake_posted_ = false;
};

/// While it lives, an operation of this thread's loop is pending in Asio or will be posted to it.
class AsioUse {
 public:
  AsioUse() : uses_(AsioEventLoop::current().asio_uses_) { ++*uses_; }
  AsioUse(const AsioUse&) = delete;
  AsioUse& operator=(const AsioUse&) = delete;
  ~AsioUse() { --*uses_; }

 private:
  std::shared_ptr<std::size_t> uses_;
};

}  // namespace reqivo::native
