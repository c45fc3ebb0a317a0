// Connecting to one of several addresses: RFC 8305, "Happy Eyeballs".
#pragma once

#include <asio/ip/tcp.hpp>
#include <coroutine>
#include <memory>
#include <reqivo/detail/promise.hpp>
#include <reqivo/detail/timer.hpp>
#include <vector>

#include "native/event_loop.hpp"
#include "native/socket.hpp"
#include "platform/failure.hpp"

namespace reqivo::native {

/// Tries the addresses in the order given, each next one 250 ms after the last (RFC 8305 §5) or as
/// soon as that has failed; the first to connect wins, and the others are closed.
///
///     ConnectionRace race(context, endpoints);
///     auto socket = co_await race;
///
/// Destroying it closes every attempt.
class ConnectionRace final : private detail::TimerNode {
 public:
  ConnectionRace(std::shared_ptr<asio::io_context> context,
                 std::vector<asio::ip::tcp::endpoint> endpoints);
  ConnectionRace(const ConnectionRace&) = delete;
  ConnectionRace& operator=(const ConnectionRace&) = delete;
  ~ConnectionRace();

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <detail::KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) {
    start(waiter.promise());
  }
  /// Failure `connect`: every attempt failed; the text is of the first.
  [[nodiscard]] detail::Outcome<Socket> await_resume();

 private:
  struct Attempt;
  void start(detail::PromiseBase& waiter);
  void start_next();
  void finished(std::size_t attempt, const std::error_code& error);
  void expired() noexcept override;

  AsioUse asio_use_;
  std::shared_ptr<asio::io_context> context_;
  std::vector<asio::ip::tcp::endpoint> endpoints_;
  std::vector<std::shared_ptr<Attempt>> attempts_;
  std::size_t failed_ = 0;
  std::error_code first_error_;
  std::shared_ptr<Attempt> winner_;
  detail::PromiseBase* waiter_ = nullptr;
};

}  // namespace reqivo::native
