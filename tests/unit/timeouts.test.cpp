// Limits of requests over a scripted transport in virtual time.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
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

TEST_CASE("each limit ends the request with its own error, at its time, and closes the exchange") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  session.default_timeout(Timeout().connect(1s).read(2s).pool(3s));
  SECTION("connect") {
    server.answer().spend(Phase::resolve, 500ms).spend(Phase::tls, 1h);
    CHECK_THROWS_AS(run(session.get("http://h/")), ConnectTimeout);
    CHECK(time.passed() == 1000ms);
  }
  SECTION("read, before the head") {
    server.answer().spend(Phase::connect, 500ms).before_head(1h);
    CHECK_THROWS_AS(run(session.get("http://h/")), ReadTimeout);
    CHECK(time.passed() == 2500ms);
  }
  SECTION("read, in the body") {
    server.answer()
        .body(test::Piece("a", 1s))
        .body(test::Piece("b", 1500ms))
        .body(test::Piece("c", 1h));
    CHECK_THROWS_AS(run(session.get("http://h/")), ReadTimeout);
    CHECK(time.passed() == 4500ms);
    CHECK(server.aborted() == 1);
  }
  SECTION("pool") {
    server.answer().spend(Phase::pool, 1h);
    CHECK_THROWS_AS(run(session.get("http://h/")), PoolTimeout);
    CHECK(time.passed() == 3000ms);
  }
  SECTION("total, over redirects") {
    for (int i = 0; i < 10; ++i) {
      server.answer(302).header("Location", "/" + std::to_string(i)).before_head(1s);
    }
    CHECK_THROWS_AS(run(session.get("http://h/").timeout(3500ms)), TotalTimeout);
    CHECK(time.passed() == 3500ms);
    CHECK(server.sent().size() == 4);
  }
  CHECK(server.open() == 0);
  run(session.close());
}

TEST_CASE("a request's limits replace the session's one by one") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  session.default_timeout(4s);
  server.answer().before_head(1h);
  CHECK_THROWS_AS(run(session.get("http://h/")), TotalTimeout);
  CHECK(time.passed() == 4000ms);
  server.answer().before_head(1h);
  CHECK_THROWS_AS(run(session.get("http://h/").timeout(Timeout().read(1s))), ReadTimeout);
  CHECK(time.passed() == 5000ms);
  server.answer().before_head(9s);
  CHECK(run(session.get("http://h/").timeout(20s)).ok());
  CHECK(time.passed() == 14000ms);
}

TEST_CASE("a total of no time fails before anything is sent, however quick the server is") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  for (const auto limit : {0s, -1s}) {
    try {
      run(session.get("http://h/").timeout(limit));
      FAIL("the request succeeds");
    } catch (const TotalTimeout& late) {
      CHECK(late.phase() == Phase::url);
      CHECK(late.retryable());
    }
  }
  CHECK(server.sent().empty());
}

TEST_CASE("each limit of a request replaces the session's own, and leaves the others") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  session.default_timeout(Timeout().connect(4s).read(4s).pool(4s).total(8s));
  const auto phase_ends = [&](Phase phase, const Timeout& own) {
    server.answer().spend(phase, 1h);
    const auto start = time.passed();
    CHECK_THROWS_AS(run(session.get("http://h/").timeout(own)), TimeoutError);
    return time.passed() - start;
  };
  CHECK(phase_ends(Phase::connect, Timeout().connect(1s)) == 1s);
  CHECK(phase_ends(Phase::connect, Timeout().read(1s).pool(1s)) == 4s);
  CHECK(phase_ends(Phase::head, Timeout().read(1s)) == 1s);
  CHECK(phase_ends(Phase::head, Timeout().connect(1s).pool(1s)) == 4s);
  CHECK(phase_ends(Phase::pool, Timeout().pool(1s)) == 1s);
  CHECK(phase_ends(Phase::pool, Timeout().connect(1s).read(1s)) == 4s);
  CHECK(phase_ends(Phase::pool, Timeout().pool(std::nullopt)) == 8s);
  CHECK(phase_ends(Phase::pool, Timeout().total(2s)) == 2s);
}

TEST_CASE("a slow body within its limits is not cut") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  auto& answer = server.answer();
  for (int i = 0; i < 20; ++i) answer.body(test::Piece("x", 4s));
  CHECK(run(session.get("http://h/")).body().size() == 20);
  CHECK(time.passed() == 80s);
}

}  // namespace
}  // namespace reqivo
