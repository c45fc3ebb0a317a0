// Bodies that are received straight into the chunks that their reader gets: whatever arrives when,
// they are the server's bytes, and the connection behind them is as it was.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "local_peer.hpp"
#include "native/body_chunk.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "tls_local_peer.hpp"

namespace reqivo::test {
namespace {

using namespace std::chrono_literals;
using native::BodyChunk;
using testing::TlsTestServer;

constexpr std::array<bool, 2> plain_and_secure = {false, true};
/// A chunk as it is received holds this much at most.
constexpr std::size_t full_chunk = 256 * 1024;

/// Bytes among which nothing repeats at a distance that a mistake would shift it by.
std::string body_of(std::size_t size) {
  std::string body(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : body) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return body;
}

std::string in_hexadecimal(std::size_t number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[number % 16]);
    number /= 16;
  } while (number > 0);
  return digits;
}

std::string in_chunks(std::string_view body, std::size_t size) {
  std::string chunked;
  while (!body.empty()) {
    const std::string_view part = body.substr(0, size);
    chunked.append(in_hexadecimal(part.size())).append("\r\n").append(part).append("\r\n");
    body.remove_prefix(part.size());
  }
  return chunked + "0\r\n\r\n";
}

const std::string ok = "HTTP/1.1 200 OK\r\n";

std::string counted_head(std::size_t length) {
  return ok + "Content-Length: " + std::to_string(length) + "\r\n\r\n";
}

const std::string chunked_head = ok + "Transfer-Encoding: chunked\r\n\r\n";
const std::string open_head = ok + "\r\n";

/// A session and a server that is this test, plain or by TLS; one connection at a time.
class Conversation {
 public:
  explicit Conversation(bool secure) : secure_(secure), tls_(own_server()) {
    session.tls(trusting_own());
    session.default_timeout(Timeout().read(30s));
  }

  [[nodiscard]] std::string url() const {
    return secure_ ? listener.url("/", "https", "localhost") : listener.url();
  }
  /// Takes the next connection, in place of the one before, and the head of a request from it.
  Task<void> take_request() {
    plain_.reset();
    secure_peer_.reset();
    LocalPeer peer = co_await listener.accept();
    if (secure_) {
      secure_peer_.emplace(tls_, std::move(peer));
      co_await secure_peer_->wait_head();
    } else {
      plain_.emplace(std::move(peer));
      static_cast<void>(co_await plain_->take_head());
    }
  }
  /// A stream whose head has arrived, and nothing else.
  Task<StreamResponse> open(std::string head) {
    JoinHandle<StreamResponse> opening = create_task(open_stream(session, url()));
    co_await take_request();
    send(head);
    co_return co_await std::move(opening);
  }
  void send(std::string_view bytes) {
    if (secure_) {
      secure_peer_->send(bytes);
    } else {
      plain_->send(bytes);
    }
  }
  /// Sends it so slowly that the client sees each slice on its own, or nearly so.
  Task<void> send_slices(std::string bytes, std::size_t size) {
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      send(std::string_view(bytes).substr(at, size));
      co_await sleep(0ms);
    }
  }
  /// Ends the stream of bytes as it has to be ended.
  void end() {
    if (secure_) secure_peer_->close_notify();
    cut();
  }
  /// Ends the connection, which with TLS is the way of an attacker.
  void cut() noexcept {
    if (secure_) secure_peer_->close();
    if (!secure_) plain_->close();
  }
  Task<void> wait_ended() { return secure_ ? secure_peer_->wait_ended() : plain_->wait_ended(); }

  LocalListener listener;
  AsyncSession session;

 private:
  static Task<StreamResponse> open_stream(AsyncSession& from, std::string url) {
    co_return co_await from.get(std::move(url)).stream();
  }

  bool secure_;
  TlsTestServer tls_;
  std::optional<LocalPeer> plain_;
  std::optional<TlsPeer> secure_peer_;
};

struct Sent {
  Sent(std::string the_head, std::string what, bool with_end)
      : head(std::move(the_head)), body(std::move(what)), ends(with_end) {}
  std::string head;
  std::string body;  // as it is on the wire
  bool ends;
};

/// The ways to send `body`.
std::vector<Sent> framings_of(const std::string& body) {
  std::vector<Sent> framings;
  framings.emplace_back(counted_head(body.size()), body, false);
  framings.emplace_back(open_head, body, true);
  for (const std::size_t size : std::array<std::size_t, 4>{1000, 65535, 65536, 1000000}) {
    framings.emplace_back(chunked_head, in_chunks(body, size), false);
  }
  return framings;
}

Task<void> check_delivered(bool secure, Sent sent, std::string body, std::size_t slice) {
  Conversation conversation(secure);
  StreamResponse stream = co_await conversation.open(sent.head);
  const auto sending = create_task(conversation.send_slices(sent.body, slice));
  JoinHandle<std::string> reading = create_task(rest_of(std::move(stream)));
  while (!sending.done()) co_await sleep(0ms);
  if (sent.ends) conversation.end();
  const std::string received = co_await reading;
  const bool same = received == body;
  CHECK(received.size() == body.size());
  CHECK(same);
}

Task<void> check_all_framings(std::size_t size, std::size_t slice) {
  const std::string body = body_of(size);
  for (const bool secure : plain_and_secure) {
    for (const Sent& sent : framings_of(body)) {
      CAPTURE(secure, sent.head, size, slice);
      co_await check_delivered(secure, sent, body, slice);
    }
  }
}

}  // namespace

TEST_CASE("a chunk hands out what it received, and keeps memory that was hardly used") {
  BodyChunk chunk;
  chunk.make_room(1000);
  CHECK(chunk.room_size() == 1000);
  CHECK(chunk.received().empty());
  const char* const memory = chunk.room();
  std::string_view("hello").copy(chunk.room(), 5);
  chunk.note_received(5);
  CHECK(chunk.room_size() == 995);
  CHECK(chunk.room() == memory + 5);
  CHECK(chunk.received() == "hello");
  const std::string small = chunk.take();
  CHECK(small == "hello");
  CHECK(small.capacity() < 100);
  CHECK(chunk.received().empty());

  chunk.make_room(900);
  CHECK(chunk.room() == memory);
  CHECK(chunk.room_size() == 900);
  std::string(900, 'x').copy(chunk.room(), 900);
  chunk.note_received(900);
  CHECK(chunk.room_size() == 0);
  const std::string large = chunk.take();
  CHECK(large == std::string(900, 'x'));
  CHECK(large.data() == memory);
  CHECK(chunk.room_size() == 0);
}

TEST_CASE("a chunk makes as much room as is likely to be used") {
  BodyChunk chunk;
  const auto receive = [&chunk](std::size_t count) {
    std::string(count, 'x').copy(chunk.room(), count);
    chunk.note_received(count);
    return chunk.take();
  };
  chunk.make_room(full_chunk);
  CHECK(chunk.room_size() == full_chunk);
  CHECK(receive(16384).capacity() < 20000);  // copied, the first time
  chunk.make_room(full_chunk);
  CHECK(chunk.room_size() == 2 * 16384);
  const char* const memory = chunk.room();
  CHECK(receive(16384).data() == memory);
  for (const std::size_t room :
       std::array<std::size_t, 5>({32768, 65536, 131072, full_chunk, full_chunk})) {
    chunk.make_room(full_chunk);
    CHECK(chunk.room_size() == room);
    CHECK(receive(room).size() == room);
  }
  chunk.make_room(full_chunk);
  CHECK(receive(1) == "x");
  chunk.make_room(full_chunk);
  CHECK(chunk.room_size() == 4096);
}

TEST_CASE("a body arrives byte for byte, whatever its size and framing", "[body chunks]") {
  run_test([]() -> Task<void> {
    for (const std::size_t size : std::array<std::size_t, 8>(
             {1, 65535, 65536, 65537, full_chunk - 1, full_chunk, full_chunk + 1, 600007})) {
      co_await check_all_framings(size, 30011);
    }
  });
}

TEST_CASE("a body arrives byte for byte, however it is cut", "[body chunks]") {
  run_test([]() -> Task<void> {
    for (const std::size_t slice : std::array<std::size_t, 4>({977, 4096, 16384, 65536})) {
      co_await check_all_framings(full_chunk + 1234, slice);
    }
  });
}

TEST_CASE("a body read in full leaves its connection to the next request", "[body chunks]") {
  run_test([]() -> Task<void> {
    for (const bool secure : plain_and_secure) {
      CAPTURE(secure);
      Conversation conversation(secure);
      const std::string body = body_of(100000);
      StreamResponse stream = co_await conversation.open(counted_head(body.size()));
      JoinHandle<std::string> reading = create_task(rest_of(std::move(stream)));
      co_await conversation.send_slices(body, 30000);
      const std::string received = co_await reading;
      CHECK(received == body);
      const JoinHandle<Response> next = create_task(conversation.session.get(conversation.url()));
      co_await sleep(5ms);
      CHECK_FALSE(conversation.listener.has_connection());
    }
  });
}

TEST_CASE("bytes behind a body are not taken for the next answer", "[body chunks]") {
  run_test([]() -> Task<void> {
    for (const bool secure : plain_and_secure) {
      for (const std::size_t first : std::array<std::size_t, 3>({0, 50000, 99999})) {
        CAPTURE(secure, first);
        Conversation conversation(secure);
        const std::string body = body_of(100000);
        StreamResponse stream = co_await conversation.open(counted_head(body.size()));
        JoinHandle<std::string> reading = create_task(rest_of(std::move(stream)));
        co_await sleep(0ms);  // it waits for the body by now
        conversation.send(std::string_view(body).substr(0, first));
        co_await sleep(5ms);
        conversation.send(body.substr(first) + answer_with("forged"));
        const std::string received = co_await reading;
        CHECK(received == body);

        JoinHandle<Response> next = create_task(conversation.session.post(conversation.url()));
        co_await conversation.take_request();
        conversation.send(answer_with("asked for"));
        const Response response = co_await next;
        CHECK(response.body() == "asked for");
      }
    }
  });
}

TEST_CASE("a body that is cut off is a failure, after what came of it", "[body chunks]") {
  run_test([]() -> Task<void> {
    const std::string body = body_of(200000);
    std::vector<Sent> framings = framings_of(body);
    for (const bool secure : plain_and_secure) {
      for (const Sent& sent : framings) {
        if (sent.ends && !secure) continue;  // there the end of the connection ends the body
        for (const std::size_t count : std::array<std::size_t, 3>({1000, 70000, 199999})) {
          CAPTURE(secure, sent.head, count);
          Conversation conversation(secure);
          StreamResponse stream = co_await conversation.open(sent.head);
          co_await conversation.send_slices(sent.body.substr(0, count), 30011);
          conversation.cut();
          std::string received;
          const ConnectionClosedError failure = co_await failure_of<ConnectionClosedError>(
              [](StreamResponse from, std::string* to) -> Task<void> {
                while (auto piece = co_await from.read()) *to += *piece;
              }(std::move(stream), &received));
          CHECK(failure.phase() == Phase::body);
          CHECK(received.size() > count / 2);
          CHECK(body.starts_with(received));
        }
      }
    }
  });
}

TEST_CASE("a body that stops coming ends by ReadTimeout", "[body chunks]") {
  run_test([]() -> Task<void> {
    for (const bool secure : plain_and_secure) {
      CAPTURE(secure);
      Conversation conversation(secure);
      conversation.session.default_timeout(Timeout().read(50ms));
      StreamResponse stream = co_await conversation.open(counted_head(1000000));
      conversation.send(body_of(20000));
      std::size_t received = 0;
      while (received < 20000) received += (co_await stream.read())->size();
      const ReadTimeout failure = co_await failure_of<ReadTimeout>(stream.read());
      check_failure(failure, ErrorCode::read_timeout, Phase::body);
      co_await conversation.wait_ended();
    }
  });
}

TEST_CASE("a read that is dropped while it waits closes the connection", "[body chunks]") {
  run_test([]() -> Task<void> {
    for (const bool secure : plain_and_secure) {
      CAPTURE(secure);
      Conversation conversation(secure);
      StreamResponse stream = co_await conversation.open(counted_head(1000000));
      {
        const JoinHandle<std::optional<std::string>> reading = create_task(stream.read());
        co_await sleep(0ms);
      }
      co_await conversation.wait_ended();
    }
  });
}

TEST_CASE("a read that is dropped with its bytes at hand closes the connection", "[body chunks]") {
  run_test([]() -> Task<void> {
    Conversation conversation(false);
    StreamResponse stream = co_await conversation.open(counted_head(1000000));
    {
      JoinHandle<std::optional<std::string>> reading = create_task(stream.read());
      co_await sleep(0ms);
      conversation.send(body_of(20000));
      reading.cancel();
    }
    co_await conversation.wait_ended();
  });
}

TEST_CASE("pieces of a slow body take no more memory than they have bytes", "[body chunks]") {
  run_test([]() -> Task<void> {
    for (const bool secure : plain_and_secure) {
      for (const std::string& head :
           std::array<std::string, 2>({counted_head(1000000), open_head})) {
        CAPTURE(secure, head);
        Conversation conversation(secure);
        StreamResponse stream = co_await conversation.open(head);
        for (int i = 0; i < 3; ++i) {
          conversation.send("a few bytes");
          const std::optional<std::string> piece = co_await stream.read();
          REQUIRE(piece.has_value());
          CHECK(*piece == "a few bytes");
          CHECK(piece->capacity() < 100);
        }
      }
    }
  });
}

TEST_CASE("the body of an answer that came while a request was sent is whole", "[body chunks]") {
  run_test([]() -> Task<void> {
    Conversation conversation(false);
    const std::string body = body_of(300000);
    JoinHandle<Response> request = create_task(
        conversation.session.post(conversation.url()).body(std::string(32 * 1024 * 1024, 'x')));
    co_await conversation.take_request();
    conversation.send("HTTP/1.1 413 Too Large\r\nContent-Length: 300000\r\n\r\n");
    co_await sleep(5ms);
    co_await conversation.send_slices(body, 30011);
    const Response response = co_await request;
    CHECK(response.status_code() == 413);
    const bool same = response.body() == body;
    CHECK(same);
  });
}

}  // namespace reqivo::test
