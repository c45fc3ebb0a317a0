#include "local_peer.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <reqivo/async.hpp>
#include <stdexcept>
#include <utility>

namespace reqivo::test {

using namespace std::chrono_literals;

namespace {

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

/// Loopback of a family, as what the socket calls want.
class Loopback {
 public:
  Loopback(int family, std::uint16_t port) {
    if (family == AF_INET6) {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_port = htons(port);
      address.sin6_addr = in6addr_loopback;
      std::memcpy(&storage_, &address, sizeof(address));
      size_ = sizeof(address);
    } else {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      std::memcpy(&storage_, &address, sizeof(address));
      size_ = sizeof(address);
    }
  }
  [[nodiscard]] const sockaddr* data() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  [[nodiscard]] socklen_t size() const noexcept { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// Port 0: one of the system's choice, which `port` tells then.
OwnedDescriptor bound_socket(int family, std::uint16_t& port) {
  OwnedDescriptor made(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  require(made.get() >= 0, "socket");
  const Loopback wanted(family, port);
  require(::bind(made.get(), wanted.data(), wanted.size()) == 0, "bind");
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  require(::getsockname(made.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0,
          "getsockname");
  // The port is at the same place for both families.
  sockaddr_in as_v4{};
  std::memcpy(&as_v4, &bound, sizeof(as_v4));
  port = ntohs(as_v4.sin_port);
  return made;
}

bool becomes(int descriptor, short event, int milliseconds) {
  pollfd waited{descriptor, event, 0};
  return ::poll(&waited, 1, milliseconds) > 0;
}

}  // namespace

// ---- OwnedDescriptor

OwnedDescriptor::OwnedDescriptor(OwnedDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

OwnedDescriptor& OwnedDescriptor::operator=(OwnedDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void OwnedDescriptor::close() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

// ---- EndDeadline

void EndDeadline::check() const {
  if (std::chrono::steady_clock::now() < latest_) return;
  throw std::runtime_error("the client did not end the connection within 5 s");
}

// ---- LocalPeer

void LocalPeer::receive(std::size_t most) {
  std::array<char, 16384> buffer;
  while (!ended_ && most > 0) {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), std::min(buffer.size(), most), 0);
    if (count > 0) {
      input_.append(buffer.data(), static_cast<std::size_t>(count));
      most -= static_cast<std::size_t>(count);
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return;
    } else {
      ended_ = true;
    }
  }
}

std::string LocalPeer::take() {
  receive();
  return std::exchange(input_, {});
}

std::string LocalPeer::take(std::size_t most) {
  receive(most);
  return std::exchange(input_, {});
}

Task<std::string> LocalPeer::take_until(std::string text) {
  for (;;) {
    receive();
    const std::size_t at = input_.find(text);
    if (at != std::string::npos) {
      std::string taken = input_.substr(0, at + text.size());
      input_.erase(0, taken.size());
      co_return taken;
    }
    if (ended_) throw std::runtime_error("the client ended the connection too early");
    co_await sleep(1ms);
  }
}

void LocalPeer::send(std::string_view bytes) {
  const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  require(count == static_cast<ssize_t>(bytes.size()), "send");
}

std::size_t LocalPeer::send_some(std::string_view bytes) {
  const ssize_t count =
      ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return 0;
  require(count >= 0, "send");
  return static_cast<std::size_t>(count);
}

void LocalPeer::end_sending() noexcept { ::shutdown(socket_.get(), SHUT_WR); }

bool LocalPeer::ended() {
  static_cast<void>(take());
  return ended_;
}

Task<void> LocalPeer::wait_ended() {
  const EndDeadline deadline;
  while (!ended()) {
    deadline.check();
    co_await sleep(1ms);
  }
}

void LocalPeer::reset() noexcept {
  const linger at_once{1, 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  socket_.close();
}

// ---- LocalListener

LocalListener::LocalListener(int family, int backlog, std::uint16_t port)
    : port_(port), socket_(bound_socket(family, port_)) {
  require(::listen(socket_.get(), backlog) == 0, "listen");
}

std::string LocalListener::url(std::string_view path, std::string_view scheme,
                               std::string_view host) const {
  std::string url(scheme);
  url.append("://").append(host).append(":").append(std::to_string(port_)).append(path);
  return url;
}

Task<LocalPeer> LocalListener::accept() {
  for (;;) {
    OwnedDescriptor accepted(
        ::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted.get() >= 0) co_return LocalPeer(std::move(accepted));
    co_await sleep(1ms);
  }
}

bool LocalListener::has_connection() const { return becomes(socket_.get(), POLLIN, 0); }

// ---- RefusedPort

RefusedPort::RefusedPort(int family) : socket_(bound_socket(family, port_)) {}

// ---- Blackhole

Blackhole::Blackhole(int family) : listener_(family, 0) {
  const Loopback address(family, listener_.port());
  // Linux takes a connection or two more than asked for. The first that does not come about shows
  // that it is full.
  for (int tries = 0; tries < 16; ++tries) {
    OwnedDescriptor filler(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    require(filler.get() >= 0, "socket");
    static_cast<void>(::connect(filler.get(), address.data(), address.size()));
    if (!becomes(filler.get(), POLLOUT, 100)) return;
    fillers_.push_back(std::move(filler));
  }
  throw std::runtime_error("the queue of a listener does not fill up");
}

void Blackhole::open() noexcept {
  for (;;) {
    const OwnedDescriptor accepted(
        ::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
    if (accepted.get() < 0) return;
  }
}

std::string answer_with(std::string_view body) {
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: ";
  answer.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return answer;
}

}  // namespace reqivo::test
