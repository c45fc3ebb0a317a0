#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <utility>

#include "support/capability.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// The session sends and receives as if nothing had happened.
Task<void> check_usable(AsyncSession& session) {
  for (int i = 0; i < 3; ++i) {
    const Response response = co_await session.get("/bytes/1000?seed=1");
    CHECK(response.body() == seeded_bytes(1000, 1));
  }
}

/// The one request of that tag was broken off by us.
Task<void> check_broken_off(std::string tag) {
  const TagRecord record = co_await wait_closed(tag);
  CHECK(record.started == 1);
  CHECK(record.finished == 0);
  CHECK(record.aborted == 1);
  CHECK(record.closed);
}

/// Destroys the task once the server serves it.
template <class T>
Task<void> cancel_when_started(JoinHandle<T> running, std::string tag) {
  static_cast<void>(co_await wait_started(tag));
  CHECK_FALSE(running.done());
}

Generator<std::string> endless_pieces() {
  for (;;) co_yield std::string(50'000, 'u');
}

Generator<std::string> one_piece_then_sleep() {
  co_yield "first";
  co_await sleep(60s);
}

}  // namespace

TEST_CASE("a request destroyed while it waits for the head closes its connection",
          "[cancellation]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    co_await cancel_when_started(create_task(session.get(tagged("/stall", tag))), tag);
    co_await check_broken_off(tag);
    co_await check_usable(session);
  });
}

TEST_CASE("a request destroyed in the middle of the head closes its connection", "[cancellation]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    co_await cancel_when_started(create_task(session.get(tagged("/slow-head?interval=50", tag))),
                                 tag);
    co_await check_broken_off(tag);
    co_await check_usable(session);
  });
}

TEST_CASE("a request destroyed while its body arrives closes its connection", "[cancellation]") {
  run_test([]() -> Task<void> {
    const std::string stalled = unique_tag();
    const std::string flowing = unique_tag();
    AsyncSession session(test_server().http());
    co_await cancel_when_started(create_task(session.get(tagged("/stall-body", stalled))), stalled);
    co_await check_broken_off(stalled);
    co_await cancel_when_started(
        create_task(session.get(tagged("/drip?numbytes=1000&duration=30", flowing))), flowing);
    co_await check_broken_off(flowing);
    co_await check_usable(session);
  });
}

TEST_CASE("a request destroyed while its body is sent closes its connection", "[cancellation]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const std::string large(32 * 1024 * 1024, 'x');
    co_await cancel_when_started(
        create_task(session.post(tagged("/upload?pause=2000", tag)).body(large)), tag);
    co_await check_broken_off(tag);
    co_await check_usable(session);
  });
}

TEST_CASE("a streamed upload that is destroyed closes its connection and ends its generator",
          "[cancellation]") {
  require(capabilities().streamed_upload, "streamed_upload");
  run_test([]() -> Task<void> {
    const std::string blocked = unique_tag();
    const std::string asleep = unique_tag();
    AsyncSession session(test_server().http());
    co_await cancel_when_started(
        create_task(session.post(tagged("/upload?pause=2000", blocked)).body(endless_pieces())),
        blocked);
    co_await check_broken_off(blocked);
    co_await cancel_when_started(
        create_task(session.post(tagged("/upload", asleep)).body(one_piece_then_sleep())), asleep);
    co_await check_broken_off(asleep);
    co_await check_usable(session);
  });
}

TEST_CASE("a read of a stream that is destroyed ends the exchange", "[cancellation]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get(tagged("/stall-body?bytes=1", tag)).stream();
    static_cast<void>(co_await stream.read());
    {
      auto reading = create_task(stream.read());
      CHECK_FALSE(reading.done());
    }
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    bool closed = false;
    try {
      static_cast<void>(co_await stream.read());
    } catch (const ClosedError&) {
      closed = true;
    }
    CHECK(closed);
    co_await check_usable(session);
  });
}

TEST_CASE("a stream that is being opened can be destroyed", "[cancellation]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    co_await cancel_when_started(create_task(session.get(tagged("/stall", tag)).stream()), tag);
    co_await check_broken_off(tag);
    co_await check_usable(session);
  });
}

TEST_CASE("a request destroyed between two redirects leaves the session usable", "[cancellation]") {
  skip_on("firefox", "keeps a connection open whose fetch was aborted after a redirect");
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    co_await cancel_when_started(
        create_task(session.get("/redirect-to?url=" + tagged("/stall", tag))), tag);
    co_await check_broken_off(tag);
    co_await check_usable(session);
  });
}

TEST_CASE("a request destroyed while it connects leaves the session usable", "[cancellation]") {
  require(capabilities().tls_options, "tls_options");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    {
      auto connecting = create_task(session.get(test_server().silent_https("/")));
      co_await sleep(30ms);
      CHECK_FALSE(connecting.done());
    }
    {
      auto just_begun = create_task(session.get("/get"));
      CHECK_FALSE(just_begun.done());
    }
    co_await check_usable(session);
  });
}

TEST_CASE("a request destroyed while it waits for a connection leaves the queue",
          "[cancellation]") {
  require(capabilities().connection_limits, "connection_limits");
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    const std::string never = unique_tag();
    AsyncSession session(test_server().http());
    session.limits(Limits().connections(1));
    auto holding = create_task(session.get(tagged("/delay/0.1", tag)));
    {
      auto queued = create_task(session.get(tagged("/get", never)));
      co_await sleep(20ms);
      CHECK_FALSE(queued.done());
    }
    auto next = create_task(session.get("/get"));
    static_cast<void>(co_await holding);
    const Response response = co_await next;
    CHECK(response.ok());
    const TagRecord record = co_await tag_record(never);
    CHECK(record.started == 0);
  });
}

TEST_CASE("a request stopped after any number of milliseconds leaves the session usable",
          "[cancellation]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (int wait = 0; wait < 12; ++wait) {
      {
        auto stopped = create_task(session.get("/stream-bytes/3000000?seed=1&chunk_size=5000"));
        co_await sleep(wait * 500us);
      }
      const Response response = co_await session.get("/bytes/10?seed=2");
      CHECK(response.body() == seeded_bytes(10, 2));
    }
  });
}

TEST_CASE("what runs inside a destroyed task is destroyed with it", "[cancellation]") {
  run_test([]() -> Task<void> {
    static int ended = 0;
    ended = 0;
    class Local {
     public:
      Local() = default;
      Local(const Local&) = delete;
      Local& operator=(const Local&) = delete;
      ~Local() { ++ended; }
    };
    const auto outer = [](std::string tag) -> Task<void> {
      const Local local;
      AsyncSession session(test_server().http());
      static_cast<void>(co_await session.get(tagged("/stall", tag)));
      ended += 100;
    };
    const std::string tag = unique_tag();
    co_await cancel_when_started(create_task(outer(tag)), tag);
    CHECK(ended == 1);
    co_await check_broken_off(tag);
    CHECK(ended == 1);
  });
}
