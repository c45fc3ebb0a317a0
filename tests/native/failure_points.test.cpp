// Every point at which a server can fail while it answers: the connection ends after each byte in
// turn.
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <reqivo/reqivo.hpp>
#include <string>
#include <string_view>

#include "local_peer.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"

namespace reqivo::test {
namespace {

constexpr std::string_view counted_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello world";
constexpr std::string_view chunked_answer =
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "6;x=1\r\nhello \r\n5\r\nworld\r\n0\r\nTrailer: t\r\n\r\n";

enum class Ending { closed, reset };

/// Where the final head ends in `answer`.
std::size_t head_size(std::string_view answer) {
  return answer.find("\r\n\r\n", answer.find("200 OK")) + 4;
}

/// Answers with the first `sent` bytes, ends the connection, and says how the request fails.
Task<void> check_failure_after(LocalListener* listener, std::string answer, std::size_t sent,
                               Ending ending) {
  AsyncSession session;
  JoinHandle<ConnectionClosedError> request =
      create_task(failure_of<ConnectionClosedError>(session.get(listener->url())));
  LocalPeer peer = co_await listener->accept();
  static_cast<void>(co_await peer.take_head());
  peer.send(std::string_view(answer).substr(0, sent));
  if (ending == Ending::reset) {
    peer.reset();
  } else {
    peer.close();
  }
  const ConnectionClosedError failure = co_await request;
  CHECK(failure.code() == ErrorCode::connection_closed);
  CHECK_FALSE(failure.retryable());
  // A reset may overtake bytes that were sent before it.
  if (ending == Ending::closed) {
    CHECK(failure.phase() == (sent < head_size(answer) ? Phase::head : Phase::body));
  }
}

Task<void> check_every_point(std::string_view answer) {
  LocalListener listener;
  for (std::size_t sent = 0; sent < answer.size(); ++sent) {
    CAPTURE(sent);
    co_await check_failure_after(&listener, std::string(answer), sent, Ending::closed);
    co_await check_failure_after(&listener, std::string(answer), sent, Ending::reset);
  }
  // Out of failure points: now it is whole.
  AsyncSession session;
  JoinHandle<Response> request = create_task(session.get(listener.url()));
  LocalPeer peer = co_await listener.accept();
  static_cast<void>(co_await peer.take_head());
  peer.send(answer);
  const Response response = co_await request;
  CHECK(response.body() == "hello world");
}

}  // namespace

TEST_CASE("a Content-Length answer that ends after any byte but its last is a failure",
          "[failure points]") {
  run_test([]() -> Task<void> { co_await check_every_point(counted_answer); });
}

TEST_CASE("a chunked answer that ends after any byte but its last is a failure",
          "[failure points]") {
  run_test([]() -> Task<void> { co_await check_every_point(chunked_answer); });
}

}  // namespace reqivo::test
