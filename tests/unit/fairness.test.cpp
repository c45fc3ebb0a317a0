// Who never has to wait, since its peer is always faster, keeps nobody else waiting.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <reqivo/async.hpp>
#include <reqivo/errors.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "support/fake_transport.hpp"
#include "support/manual_loop.hpp"

namespace reqivo {
namespace {

using namespace std::chrono_literals;
using test::FakeServer;
using test::ManualTime;

/// An answer whose body is all there already.
void answer_with_pieces(FakeServer& server, int count) {
  test::Answer& answer = server.answer();
  for (int i = 0; i < count; ++i) answer.body("piece");
}

/// Reads a stream and works for `work` on each piece.
Task<int> read_slowly(ManualTime* time, StreamResponse stream, std::chrono::milliseconds work) {
  int pieces = 0;
  while (const auto piece = co_await stream.read()) {
    ++pieces;
    time->pass(work);
  }
  co_return pieces;
}

Task<void> count_ticks(int* ticks) {
  for (;;) {
    co_await sleep(10ms);
    ++*ticks;
  }
}

TEST_CASE("a total ends a stream whose next piece is always there") {
  ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  answer_with_pieces(server, 100);
  StreamResponse stream = run(session.get("http://h/").timeout(1s).stream());
  CHECK_THROWS_AS(run(read_slowly(&time, std::move(stream), 100ms)), TotalTimeout);
  CHECK(time.passed() == 1000ms);
  CHECK(server.aborted() == 1);
}

TEST_CASE("others have their turn beside a reader that never waits") {
  ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  answer_with_pieces(server, 100);
  const auto scenario = [](ManualTime* clock, AsyncSession* client) -> Task<int> {
    int ticks = 0;
    const auto ticker = create_task(count_ticks(&ticks));
    StreamResponse stream = co_await client->get("http://h/").stream();
    const int pieces = co_await read_slowly(clock, std::move(stream), 5ms);
    CHECK(pieces == 100);
    co_return ticks;
  };
  CHECK(run(scenario(&time, &session)) >= 20);
}

TEST_CASE("wait_for gives up on a reader that never waits") {
  ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  answer_with_pieces(server, 100);
  StreamResponse stream = run(session.get("http://h/").stream());
  auto reading = read_slowly(&time, std::move(stream), 5ms);
  CHECK_THROWS_AS(run(wait_for(std::move(reading), 100ms)), WaitTimeoutError);
  CHECK(time.passed() < 200ms);
}

TEST_CASE("a session that ends while a reader lets others go first closes the stream at once") {
  ManualTime time;
  FakeServer server;
  auto session = std::make_unique<AsyncSession>();
  server.serve(*session);
  answer_with_pieces(server, 100);
  StreamResponse stream = run(session->get("http://h/").stream());
  auto reading = create_task(read_slowly(&time, std::move(stream), 5ms));
  CHECK_FALSE(reading.done());
  session.reset();
  CHECK(server.aborted() == 1);
  const auto closed = [](JoinHandle<int> handle) -> Task<void> {
    CHECK_THROWS_AS(co_await handle, ClosedError);
  };
  run(closed(std::move(reading)));
}

}  // namespace
}  // namespace reqivo
