// Listeners of the test's own process, moved step by step by the test: nothing happens in between.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <reqivo/detail/task.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace reqivo::test {

/// A descriptor that is closed in the end.
class OwnedDescriptor {
 public:
  OwnedDescriptor() = default;
  explicit OwnedDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  OwnedDescriptor(OwnedDescriptor&& other) noexcept;
  OwnedDescriptor& operator=(OwnedDescriptor&& other) noexcept;
  ~OwnedDescriptor() { close(); }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  void close() noexcept;

 private:
  int descriptor_ = -1;
};

/// Fails whoever waits too long for a connection's end: the pool closes an idle one in the end, and
/// that would hide that it was kept.
class EndDeadline {
 public:
  /// Errors: std::runtime_error, once five seconds are over.
  void check() const;

 private:
  std::chrono::steady_clock::time_point latest_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(5);
};

/// The accepted side of a connection. Its tasks wait without blocking the loop, and refer to it.
class LocalPeer {
 public:
  LocalPeer() = default;
  explicit LocalPeer(OwnedDescriptor socket) noexcept : socket_(std::move(socket)) {}

  /// What has arrived and was not taken yet; does not wait.
  [[nodiscard]] std::string take();
  /// The same, but takes no more than so many bytes from the system.
  [[nodiscard]] std::string take(std::size_t most);
  /// Waits until `text` has arrived, and takes everything up to its end.
  Task<std::string> take_until(std::string text);
  /// Waits for the head of a request.
  Task<std::string> take_head() { return take_until("\r\n\r\n"); }
  /// Sends bytes; they have to fit what the system takes at once.
  void send(std::string_view bytes);
  /// Sends what the system takes at once, and returns how many bytes that were.
  [[nodiscard]] std::size_t send_some(std::string_view bytes);
  /// Sends nothing any more, and goes on receiving.
  void end_sending() noexcept;
  /// What was taken so far reached the end of what the other side sent.
  [[nodiscard]] bool saw_end() const noexcept { return ended_; }
  /// True once the other side has closed the connection; what arrived before is dropped.
  [[nodiscard]] bool ended();
  /// Waits for that, but not for ever.
  Task<void> wait_ended();
  void close() noexcept { socket_.close(); }
  /// Ends the connection by RST.
  void reset() noexcept;

 private:
  void receive(std::size_t most = std::numeric_limits<std::size_t>::max());

  OwnedDescriptor socket_;
  std::string input_;
  bool ended_ = false;
};

/// Listens on loopback, at a port of the system's choice unless one is given.
class LocalListener {
 public:
  /// `family`: AF_INET or AF_INET6. Errors: std::runtime_error, such as where `port` is taken.
  explicit LocalListener(int family = AF_INET, int backlog = 64, std::uint16_t port = 0);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// `path` at this listener; `host` as in a URL.
  [[nodiscard]] std::string url(std::string_view path = "/", std::string_view scheme = "http",
                                std::string_view host = "127.0.0.1") const;
  /// Waits for the next connection.
  Task<LocalPeer> accept();
  /// A connection waits to be accepted.
  [[nodiscard]] bool has_connection() const;
  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

 private:
  std::uint16_t port_ = 0;  // first: opening the socket sets it
  OwnedDescriptor socket_;
};

/// An own port on which nobody listens: connecting to it is refused for as long as this lives.
class RefusedPort {
 public:
  explicit RefusedPort(int family = AF_INET);
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  std::uint16_t port_ = 0;  // first: opening the socket sets it
  OwnedDescriptor socket_;
};

/// A listener whose queue is full: connecting to it is neither accepted nor refused.
class Blackhole {
 public:
  explicit Blackhole(int family = AF_INET);
  [[nodiscard]] const LocalListener& listener() const noexcept { return listener_; }
  /// Accepts what fills the queue: the next attempt of the system to connect succeeds.
  void open() noexcept;

 private:
  LocalListener listener_;
  std::vector<OwnedDescriptor> fillers_;
};

/// A whole answer that keeps the connection.
[[nodiscard]] std::string answer_with(std::string_view body);

}  // namespace reqivo::test
