// Bodies of requests: what of them goes out, and what ends their sending.
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <utility>

#include "local_peer.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t mib = 1024 * 1024;
/// More than the buffers between client and server hold.
constexpr std::size_t large = 48 * mib;

Generator<std::string> one_and_two() {
  co_yield "one";
  co_yield "two";
}

Generator<std::string> endless() {
  for (;;) co_yield std::string(16 * 1024, 'p');
}

/// Has one piece, and `kept` until it is destroyed.
Generator<std::string> keeping(std::shared_ptr<int> kept) {
  co_yield "one";
  static_cast<void>(kept);
}

/// The socket has an error or was hung up, which is told although nobody reads.
bool broken(int descriptor) {
  pollfd state{descriptor, 0, 0};
  ::poll(&state, 1, 0);
  return (state.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace

TEST_CASE("no byte beyond the length given for a streamed body is sent", "[upload]") {
  run_test([]() -> Task<void> {
    for (const std::uint64_t length : {3U, 4U, 5U}) {
      CAPTURE(length);
      LocalListener listener;
      AsyncSession session(listener.url());
      JoinHandle<RequestError> request =
          create_task(failure_of<RequestError>(session.post("/").body(one_and_two(), length)));
      LocalPeer peer = co_await listener.accept();
      static_cast<void>(co_await peer.take_head());
      const RequestError failure = co_await request;
      check_failure(failure, ErrorCode::invalid_request, Phase::send, false);
      CHECK_THAT(failure.what(), ContainsSubstring("longer"));
      std::string body = peer.take();
      const EndDeadline deadline;
      while (!peer.saw_end()) {
        deadline.check();
        co_await sleep(1ms);
        body += peer.take();
      }
      CHECK(body == "one");
    }
  });
}

TEST_CASE("framing set by hand that is not that of the body is refused, and nothing is sent",
          "[upload]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const RequestError coded = co_await failure_of<RequestError>(
        session.post(tagged("/post", tag)).header("Transfer-Encoding", "chunked").body("one"));
    check_failure(coded, ErrorCode::invalid_request, Phase::none);
    const RequestError counted = co_await failure_of<RequestError>(
        session.post(tagged("/post", tag)).header("Content-Length", "4").body("one"));
    check_failure(counted, ErrorCode::invalid_request, Phase::none);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  });
}

TEST_CASE("a generator that was sent is let go of with the answer's head", "[upload]") {
  run_test([]() -> Task<void> {
    const auto held = std::make_shared<int>(0);
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<StreamResponse> opening =
        create_task(session.post("/").body(keeping(held)).stream());
    LocalPeer peer = co_await listener.accept();
    static_cast<void>(co_await peer.take_until("0\r\n\r\n"));
    CHECK(held.use_count() == 2);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    const StreamResponse stream = co_await opening;
    CHECK(held.use_count() == 1);
  });
}

TEST_CASE("a redirect that is handed out ends the sending of the body", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request =
        create_task(session.post("/").redirect(Redirect::manual).body(endless()));
    LocalPeer peer = co_await listener.accept();
    static_cast<void>(co_await peer.take_head());
    peer.send("HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 2\r\n\r\nno");
    const Response response = co_await wait_for(std::move(request), 5s);
    CHECK(response.status_code() == 307);
    CHECK(response.body() == "no");
    co_await peer.wait_ended();
  });
}

TEST_CASE("an upload that goes on, however slowly, is not cut by the read limit", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> sent =
        create_task(session.post("/").body(std::string(large, 'x')).timeout(Timeout().read(1s)));
    LocalPeer peer = co_await listener.accept();
    static_cast<void>(co_await peer.take_head());
    std::size_t taken = 0;
    const auto begin = std::chrono::steady_clock::now();
    while (taken < large && !sent.done()) {
      const bool slowly = std::chrono::steady_clock::now() - begin < 1200ms;
      taken += (slowly ? peer.take(2 * mib) : peer.take()).size();
      co_await sleep(slowly ? 100ms : 1ms);
    }
    if (!sent.done()) peer.send(answer_with("x"));
    const Response response = co_await sent;
    CHECK(response.elapsed() > 1s);
  });
}

TEST_CASE("an upload that is dropped ends its connection although the server reads nothing",
          "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    std::optional<JoinHandle<Response>> sent =
        create_task(session.post("/").body(std::string(large, 'x')));
    while (!listener.has_connection()) co_await sleep(1ms);
    const OwnedDescriptor peer(::accept(listener.descriptor(), nullptr, nullptr));
    co_await sleep(50ms);  // now it waits for the server
    CHECK_FALSE(broken(peer.get()));
    sent.reset();
    const EndDeadline deadline;
    while (!broken(peer.get())) {
      deadline.check();
      co_await sleep(1ms);
    }
  });
}
