// Which sockets can be read or written, and one alarm. The build picks what it is made of:
// reactor_epoll.cpp or reactor_poll.cpp (REQIVO_REACTOR).
#pragma once

#include <asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <reqivo/detail/timer.hpp>
#include <utility>

#include "native/buffer_pool.hpp"

namespace reqivo::native {

/// One thread's sockets.
class Reactor {
 public:
  /// Several at once.
  struct Events {
    bool readable = false;
    bool writable = false;
    /// The peer has ended the stream, or the connection failed: behind the bytes that there are to
    /// read comes the end. epoll tells exactly. poll cannot, and so says it of all that is
    /// readable: only another read, once these bytes are taken, tells whether there is an end.
    bool end = false;
  };

  /// Owns a socket.
  class Client {
   public:
    /// What it waits for: `readable`, `writable`. poll asks before each wait, and tells what is so;
    /// epoll does not ask, and tells each change.
    [[nodiscard]] virtual Events wanted() const noexcept = 0;
    /// May wake coroutines, but runs none, and neither adds nor removes a client.
    virtual void ready(Events events) noexcept = 0;

   protected:
    ~Client() = default;
  };

  Reactor() = default;
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  virtual ~Reactor() = default;

  /// Tells `client` about its `socket` from now on. False: there is no room to watch another
  /// socket, errno says why.
  [[nodiscard]] virtual bool add(int socket, Client& client) noexcept = 0;
  /// The client is told nothing any more. Before the socket is closed.
  virtual void remove(int socket) noexcept = 0;
  /// Whether any socket is watched, awaited or not.
  [[nodiscard]] virtual bool watches_any() const noexcept = 0;

  /// Somebody waits for one of the sockets from now on; does so no longer.
  void waiter_came() noexcept {
    ++waiters_;
    if (on_waiter_) on_waiter_();
  }
  void waiter_left() noexcept { --waiters_; }
  /// Whether anybody waits for a socket. Those of idle connections are watched, but that is all.
  [[nodiscard]] bool awaited() const noexcept { return waiters_ > 0; }
  /// Has `call` called whenever somebody begins to wait.
  void on_waiter(std::function<void()> call) { on_waiter_ = std::move(call); }

  /// Ends a wait at `when` or earlier: what was set before and is not due yet stays.
  virtual void set_alarm(detail::TimePoint when) noexcept = 0;

  enum class Wait { no, until_something_comes };
  /// Tells the clients what came.
  virtual void dispatch(Wait wait) noexcept = 0;

  /// Has Asio call `something_came` once there is something to dispatch. To be called again
  /// after each call of it, and whenever clients may want more or the alarm was set: whatever Asio
  /// waits for already costs nothing.
  virtual void arm() = 0;
  /// Asio no longer waits.
  virtual void disarm() noexcept = 0;

  /// Buffers for what its sockets read.
  [[nodiscard]] BufferPool& buffers() noexcept { return buffers_; }

 private:
  BufferPool buffers_;
  std::size_t waiters_ = 0;
  std::function<void()> on_waiter_;
};

/// `context` is this thread's; only `arm` uses it. `something_came` is called from inside of it,
/// never after the reactor is destroyed. Throws std::system_error where the process has no
/// descriptors left.
[[nodiscard]] std::shared_ptr<Reactor> make_reactor(std::shared_ptr<asio::io_context> context,
                                                    std::function<void()> something_came);

}  // namespace reqivo::native
