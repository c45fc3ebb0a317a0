#include "native/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <asio/error.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <reqivo/async.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "local_peer.hpp"
#include "native/event_loop.hpp"

namespace reqivo::test {
namespace {

using namespace std::chrono_literals;
using native::AsioEventLoop;
using native::Socket;

/// A socket of the library's, and the other end of it.
class Pair {
 public:
  Pair() : Pair(make()) {}
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() { ::close(peer_); }

  void send(std::string_view bytes) const {
    REQUIRE(::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(bytes.size()));
  }
  /// Sends the end, and stays open: a full close would be told by an event of its own.
  void send_end() const { REQUIRE(::shutdown(peer_, SHUT_WR) == 0); }
  /// Sending to it fails from now on.
  void refuse() const { REQUIRE(::shutdown(peer_, SHUT_RD) == 0); }
  [[nodiscard]] std::string receive_all() const {
    std::array<char, 4096> room{};
    std::string all;
    for (;;) {
      const ssize_t count = ::recv(peer_, room.data(), room.size(), MSG_DONTWAIT);
      if (count <= 0) return all;
      all.append(room.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  explicit Pair(std::array<int, 2> ends)
      : peer_(ends[1]), socket(AsioEventLoop::current().reactor(), ends[0]) {}
  static std::array<int, 2> make() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0)
      throw std::runtime_error("no pair");
    return ends;
  }
  int peer_;

 public:
  Socket socket;
};

/// All that comes until the end of the stream.
Task<std::string> read_to_end(Socket& socket) {
  std::string all;
  for (;;) {
    const std::error_code error = co_await socket.fill();
    if (error) {
      CHECK(error == asio::error::eof);
      co_return all;
    }
    all += socket.input();
    socket.consume(socket.input().size());
  }
}

Task<std::string> read_to_end_in_time(Socket& socket) {
  co_return co_await wait_for(read_to_end(socket), 5s);
}

Task<void> send_with_end(Pair& pair, std::size_t count) {
  co_await sleep(1ms);  // the reader waits by then
  pair.send(std::string(count, 'x'));
  pair.send_end();
}

Task<std::string> read_while_sent(Pair& pair, std::size_t count) {
  const auto sender = create_task(send_with_end(pair, count));
  co_return co_await wait_for(read_to_end(pair.socket), 5s);
}

Task<std::error_code> write_all(Socket& socket, std::size_t count) {
  co_return co_await socket.write(native::OutgoingBytes(std::string(count, 'x')));
}

Task<std::size_t> drain_while_written(Pair& pair, std::size_t count) {
  auto writer = create_task(write_all(pair.socket, count));
  std::size_t total = 0;
  while (!writer.done()) {
    total += pair.receive_all().size();
    co_await sleep(0ms);
  }
  const std::error_code error = co_await writer;
  CHECK_FALSE(error);
  co_return total + pair.receive_all().size();
}

Task<std::error_code> finish_write(Socket& socket) { co_return co_await socket.finish_write(); }

/// What arrives where the rest of a write goes on.
Task<std::string> received_to_the_end(Pair& pair) {
  auto writer = create_task(finish_write(pair.socket));
  std::string all;
  while (!writer.done()) {
    all += pair.receive_all();
    co_await sleep(0ms);
  }
  const std::error_code error = co_await writer;
  CHECK_FALSE(error);
  co_return all + pair.receive_all();
}

std::string different_bytes(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(i * i >> 7U);
  return bytes;
}

}  // namespace

TEST_CASE("the end of a stream that comes along with its last bytes is not missed", "[socket]") {
  Pair pair;
  pair.send("all there is");
  pair.send_end();
  CHECK(run(read_to_end_in_time(pair.socket)) == "all there is");
}

TEST_CASE("the end of a stream is seen whatever the last read left of its buffer", "[socket]") {
  // Around the size of a read buffer, so that the last read is short, full, or of one byte.
  for (const std::size_t count : {1U, 16383U, 16384U, 16385U, 32768U, 100000U}) {
    INFO(count);
    Pair pair;
    CHECK(run(read_while_sent(pair, count)).size() == count);
  }
}

TEST_CASE("a write that the kernel does not take at once goes on when there is room", "[socket]") {
  Pair pair;
  CHECK(run(drain_while_written(pair, 4 * 1024 * 1024)) == 4 * 1024 * 1024);
}

TEST_CASE("bytes that the kernel takes at once are not kept", "[socket]") {
  Pair pair;
  const auto error = pair.socket.write_now("a request");
  REQUIRE(error);
  CHECK_FALSE(*error);
  CHECK_FALSE(pair.socket.write_unfinished());
  CHECK(pair.receive_all() == "a request");
}

TEST_CASE("bytes that the kernel does not take at once are the socket's own", "[socket]") {
  Pair pair;
  const std::string expected = different_bytes(3 * 1024 * 1024);
  std::string bytes = expected;
  CHECK_FALSE(pair.socket.write_now(bytes));
  CHECK(pair.socket.write_unfinished());
  bytes.assign(bytes.size(), '?');
  CHECK(run(received_to_the_end(pair)) == expected);
  CHECK_FALSE(pair.socket.write_unfinished());
}

TEST_CASE("a write that fails at once says so, and did not send all", "[socket]") {
  Pair pair;
  pair.refuse();
  const auto error = pair.socket.write_now("a request");
  REQUIRE(error);
  CHECK(*error == asio::error::broken_pipe);
  CHECK(pair.socket.write_unfinished());
}

TEST_CASE("a small write over TCP does not wait for the answer to the one before", "[socket]") {
  const LocalListener listener;
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(descriptor >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(listener.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const Socket socket(AsioEventLoop::current().reactor(), descriptor);
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  REQUIRE(::getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size) == 0);
  CHECK(no_delay != 0);
}

TEST_CASE("a socket that nobody waits for keeps what came for the next read", "[socket]") {
  Pair pair;
  pair.send("early");
  run(sleep(2ms));  // the loop hears of it meanwhile
  pair.send(" and late");
  pair.send_end();
  CHECK(run(read_to_end_in_time(pair.socket)) == "early and late");
}

TEST_CASE("a socket that was destroyed while its events were pending is told nothing", "[socket]") {
  {
    Pair gone;
    gone.send("for nobody");
  }
  CHECK_NOTHROW(run(sleep(1ms)));
  CHECK_FALSE(AsioEventLoop::current().reactor()->watches_any());
}

}  // namespace reqivo::test
