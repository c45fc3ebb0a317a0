// A connected TCP socket that coroutines await.
#pragma once

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <reqivo/detail/promise.hpp>
#include <string>
#include <string_view>
#include <system_error>

#include "native/body_chunk.hpp"
#include "native/reactor.hpp"
#include "platform/transport.hpp"

namespace reqivo::native {

/// Bytes to send, which the socket owns while it sends them: some of its own, then shared ones.
class OutgoingBytes {
 public:
  explicit OutgoingBytes(std::string own) : own_(std::move(own)) {}
  OutgoingBytes(std::string own, std::shared_ptr<const std::string> shared)
      : own_(std::move(own)), shared_(std::move(shared)) {}
  OutgoingBytes() = default;

  [[nodiscard]] std::string_view own() const noexcept { return own_; }
  [[nodiscard]] std::string_view shared() const noexcept {
    return shared_ ? std::string_view(*shared_) : std::string_view();
  }
  [[nodiscard]] std::size_t size() const noexcept { return own_.size() + shared().size(); }
  /// What stands together from `begin` on, which is below `size()`.
  [[nodiscard]] std::string_view from(std::size_t begin) const noexcept {
    return begin < own_.size() ? own().substr(begin) : shared().substr(begin - own_.size());
  }

 private:
  std::string own_;
  std::shared_ptr<const std::string> shared_;
};

/// One TCP connection. Moving bytes is tried at once, and only then waited for, so that what the
/// kernel can take or give costs one system call.
///
/// Lifetime: what a pending operation needs belongs to a state that its awaiter shares; destroying
/// the socket closes it. Destroying an awaiter that still waits closes the socket too: half a
/// message is of use to no one.
class Socket {
 public:
  /// Takes the descriptor of a connected socket over. `reactor` is this thread's.
  Socket(std::shared_ptr<Reactor> reactor, int connected);
  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;
  ~Socket();

  class State;

  /// Waits for bytes: `co_await socket.fill()` gives the error, asio::error::eof at the end of the
  /// stream. On success `input()` holds what came.
  class [[nodiscard]] Fill {
   public:
    Fill(std::shared_ptr<State> state, BodyChunk* chunk) noexcept;
    Fill(const Fill&) = delete;
    Fill& operator=(const Fill&) = delete;
    ~Fill();
    [[nodiscard]] bool await_ready() noexcept;
    template <detail::KitPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) {
      wait(waiter.promise());
    }
    [[nodiscard]] std::error_code await_resume() noexcept;

   private:
    void wait(detail::PromiseBase& waiter);
    std::shared_ptr<State> state_;
    bool waiting_ = false;
  };

  /// Sends all of the bytes: `co_await socket.write(...)` gives the error.
  class [[nodiscard]] Write {
   public:
    Write(std::shared_ptr<State> state, OutgoingBytes bytes);
    explicit Write(std::shared_ptr<State> state);  // goes on with what an earlier one left
    Write(const Write&) = delete;
    Write& operator=(const Write&) = delete;
    ~Write();
    [[nodiscard]] bool await_ready() noexcept;
    template <detail::KitPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) {
      wait(waiter.promise());
    }
    [[nodiscard]] std::error_code await_resume() noexcept;

   private:
    void wait(detail::PromiseBase& waiter);
    std::shared_ptr<State> state_;
    bool waiting_ = false;
  };

  [[nodiscard]] Fill fill() { return Fill(state_, nullptr); }
  /// The same into the room of `chunk`, which has some. Only while `input()` is empty; yet what an
  /// earlier read has brought in since then is in `input()`. Lifetime: `chunk` outlives the
  /// awaiter.
  [[nodiscard]] Fill fill(BodyChunk* chunk) { return Fill(state_, chunk); }
  [[nodiscard]] Write write(OutgoingBytes bytes) { return Write(state_, std::move(bytes)); }

  /// Sends what goes without waiting, and gives the error. None: `finish_write` goes on, with a
  /// copy of what is left.
  [[nodiscard]] std::optional<std::error_code> write_now(std::string_view bytes);
  /// Goes on with a write that did not send all.
  [[nodiscard]] Write finish_write() { return Write(state_); }
  /// A write that waits may be destroyed from here on without closing the socket.
  void abandon_write() noexcept;

  /// Received bytes that nobody has consumed. Valid until the next `fill`.
  [[nodiscard]] std::string_view input() const noexcept;
  void consume(std::size_t count) noexcept;
  /// This thread's.
  [[nodiscard]] BufferPool& buffers() const noexcept;
  /// Grows or shrinks what one `fill` may read. Only while `input()` is empty and nothing is
  /// pending.
  void set_buffer_size(std::size_t size);
  /// True where the last write has not sent all of its bytes: it waits, was abandoned, or failed.
  [[nodiscard]] bool write_unfinished() const noexcept;
  /// Reports each byte that moves to `progress`, until replaced.
  void set_progress(std::shared_ptr<detail::ExchangeProgress> progress) noexcept;
  /// Starts a read that the next `fill` will find: an idle connection that its peer closes is then
  /// noticed by the loop, at no cost to the next request.
  void watch();
  /// Whether the watching read has ended: with input, or with an error that the next `fill`
  /// reports.
  [[nodiscard]] bool stirred() const noexcept;
  /// While something is sent: whether input has come, or the end, as far as the loop has been told.
  /// Then `take_early_input` deals with it.
  [[nodiscard]] bool has_early_input();
  /// Has `waiter` woken once there is; null: nobody any more. Only while no `fill` waits.
  void wake_on_input(detail::PromiseBase* waiter) noexcept;
  /// After `has_early_input`: the input is dealt with, and further input is news again. False where
  /// it was an error, which the next `fill` reports.
  [[nodiscard]] bool take_early_input() noexcept;
  /// Whether the kernel has input or a close to report. One system call; takes nothing.
  [[nodiscard]] bool look() noexcept;
  /// The error of a watching read that has `stirred`.
  [[nodiscard]] std::error_code take_error() noexcept;
  /// Sends what of a few bytes the kernel takes at once; returns how many. For what TLS says of its
  /// own accord, such as close_notify.
  std::size_t try_send(std::string_view bytes) noexcept;
  void close() noexcept;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace reqivo::native
