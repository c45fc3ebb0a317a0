// Which sockets can be read or written, and one alarm: epoll, edge-triggered, and a timerfd. See
// epoll(7), timerfd_create(2).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <reqivo/detail/timer.hpp>

#include "native/buffer_pool.hpp"

namespace reqivo::native {

/// One thread's sockets. Asio's own reactor does not ask for EPOLLRDHUP, and so must try a read
/// that finds nothing after every answer, lest it miss the end behind the bytes. This one tells of
/// the end, which saves a system call for each request.
class Reactor {
 public:
  /// What came: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLERR, EPOLLHUP.
  using Events = std::uint32_t;

  /// Owns a socket.
  class Client {
   public:
    /// May wake coroutines, but runs none and destroys no client.
    virtual void ready(Events events) noexcept = 0;

   protected:
    ~Client() = default;
  };

  /// `became_busy` is called when the first socket is watched, and again after there was none.
  /// Throws std::system_error where the process has no descriptors left.
  explicit Reactor(std::function<void()> became_busy);
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  /// Tells `client` from now on whenever more can be read from its `socket`, or written to it after
  /// it could not. False: the kernel has no room to watch another socket, errno says why.
  [[nodiscard]] bool add(int socket, Client& client) noexcept;
  /// The client is told nothing any more.
  void remove(int socket) noexcept;
  /// Whether any socket is watched.
  [[nodiscard]] bool watches_any() const noexcept { return watched_ > 0; }

  /// Ends a wait at `when` or earlier. The kernel's timer is moved only to an earlier time:
  /// requests that end in time cost no system call for it, and neither has each wait a timer of its
  /// own.
  void set_alarm(detail::TimePoint when) noexcept;
  void clear_alarm() noexcept;
  [[nodiscard]] bool has_alarm() const noexcept { return alarm_.has_value(); }

  /// Buffers for what its sockets read.
  [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }

  enum class Wait { no, until_something_comes };
  /// Tells the clients what came.
  void dispatch(Wait wait) noexcept;
  /// Readable while any client has something to be told, or the alarm is due.
  [[nodiscard]] int descriptor() const noexcept { return epoll_; }

 private:
  void move_timer(detail::TimePoint when) const noexcept;

  std::function<void()> became_busy_;
  BufferPool buffers_;
  std::optional<detail::TimePoint> alarm_;
  int timer_;
  int epoll_;
  int watched_ = 0;
};

}  // namespace reqivo::native
