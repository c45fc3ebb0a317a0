#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <utility>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

template <class T>
Task<void> check_closed(JoinHandle<T> handle) {
  const auto failure = co_await failure_of<ClosedError>(std::move(handle));
  CHECK(failure.code() == ErrorCode::closed);
}

}  // namespace

TEST_CASE("destroying a session stops its requests with ClosedError", "[lifetime]") {
  run_test([]() -> Task<void> {
    const std::string head = unique_tag();
    const std::string body = unique_tag();
    auto session = std::make_unique<AsyncSession>(test_server().http());
    auto waiting_for_head = create_task(session->get(tagged("/stall", head)));
    auto waiting_for_body = create_task(session->get(tagged("/stall-body", body)));
    static_cast<void>(co_await wait_started(head));
    static_cast<void>(co_await wait_started(body));
    session.reset();
    co_await check_closed(std::move(waiting_for_head));
    co_await check_closed(std::move(waiting_for_body));
    const TagRecord head_record = co_await wait_closed(head);
    CHECK(head_record.closed);
    const TagRecord body_record = co_await wait_closed(body);
    CHECK(body_record.closed);
  });
}

TEST_CASE("destroying a session stops its streams with ClosedError", "[lifetime]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    auto session = std::make_unique<AsyncSession>(test_server().http());
    StreamResponse being_read = co_await session->get(tagged("/stall-body?bytes=1", tag)).stream();
    static_cast<void>(co_await being_read.read());
    StreamResponse resting = co_await session->get(tagged("/big/1000000000", tag)).stream();
    auto reading = create_task(being_read.read());
    session.reset();
    co_await check_closed(std::move(reading));
    static_cast<void>(co_await failure_of<ClosedError>(resting.read()));
    static_cast<void>(co_await failure_of<ClosedError>(being_read.read()));
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
  });
}

TEST_CASE("a request made by a session that is gone is ClosedError", "[lifetime]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    Task<Response> task;
    {
      AsyncSession session(test_server().http());
      task = session.get(tagged("/get", tag));
    }
    static_cast<void>(co_await failure_of<ClosedError>(std::move(task)));
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  });
}

TEST_CASE("a finished response outlives its session", "[lifetime]") {
  run_test([]() -> Task<void> {
    Response response;
    {
      AsyncSession session(test_server().http());
      response = co_await session.get("/bytes/100?seed=1");
    }
    CHECK(response.body() == seeded_bytes(100, 1));
    CHECK(response.headers().get("Content-Length") == "100");
  });
}

TEST_CASE("close waits for the requests under way and takes no new ones", "[lifetime]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    auto under_way = create_task(session.get(tagged("/delay/0.1", tag)));
    static_cast<void>(co_await wait_started(tag));
    auto closing = create_task(session.close());
    CHECK_FALSE(closing.done());
    static_cast<void>(co_await failure_of<ClosedError>(session.get("/get")));
    co_await closing;
    CHECK(under_way.done());
    const Response response = co_await under_way;
    CHECK(response.ok());
    co_await session.close();
  });
}

TEST_CASE("close ends the unused connections", "[lifetime]") {
  require(capabilities().connection_limits, "connection_limits");
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get(tagged("/get", tag)));
    const TagRecord kept = co_await tag_record(tag);
    CHECK_FALSE(kept.closed);
    co_await session.close();
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    CHECK(record.finished == 1);
  });
}

TEST_CASE("a stream stays readable after close", "[lifetime]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/bytes/2000000?seed=5").stream();
    co_await session.close();
    const std::string body = co_await rest_of(std::move(stream));
    CHECK(body == seeded_bytes(2000000, 5));
  });
}

TEST_CASE("a session that is moved takes its requests and settings along", "[lifetime]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession first(test_server().http());
    auto under_way = create_task(first.get(tagged("/delay/0.05", tag)));
    AsyncSession second = std::move(first);
    const Response before = co_await under_way;
    CHECK(before.ok());
    const Response after = co_await second.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("assigning to a session destroys what it was", "[lifetime]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    auto under_way = create_task(session.get(tagged("/stall", tag)));
    static_cast<void>(co_await wait_started(tag));
    session = AsyncSession(test_server().other_origin());
    co_await check_closed(std::move(under_way));
    const Response response = co_await session.get("/get");
    CHECK(response.url() == test_server().other_origin("/get"));
  });
}

TEST_CASE("a session may be destroyed by a response hook of its own", "[lifetime]") {
  run_test([]() -> Task<void> {
    auto session = std::make_unique<AsyncSession>(test_server().http());
    session->on_response([&session](Response&) { session.reset(); });
    const Response response = co_await session->get("/get");
    CHECK(response.ok());
    CHECK(session == nullptr);
  });
}

TEST_CASE("many sessions come and go", "[lifetime]") {
  run_test([]() -> Task<void> {
    for (int i = 0; i < 30; ++i) {
      AsyncSession session(test_server().http());
      const Response response = co_await session.get("/get");
      CHECK(response.ok());
    }
  });
}
