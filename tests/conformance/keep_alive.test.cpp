#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <set>
#include <string>
#include <vector>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

const char* const owned_by_platform = "connection_limits (the platform owns the connections)";

/// The number of the connection that carried the request.
Task<int> connection_of(Task<Response> sent) {
  const Response response = co_await std::move(sent);
  co_return response.json().at("connection").get<int>();
}

}  // namespace

TEST_CASE("requests one after another share a connection", "[keep alive]") {
  require(capabilities().connection_limits, owned_by_platform);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const int first = co_await connection_of(session.get("/connection-id"));
    static_cast<void>(co_await session.get("/stream-bytes/100000"));
    static_cast<void>(co_await session.head("/get"));
    static_cast<void>(co_await session.get("/no-content"));
    static_cast<void>(co_await session.get("/gzip"));
    static_cast<void>(co_await session.post("/post").body("body"));
    static_cast<void>(co_await session.get("/early-hints"));
    static_cast<void>(co_await session.get("/trailers"));
    static_cast<void>(co_await session.get("/redirect/2"));
    StreamResponse stream = co_await session.get("/bytes/100000").stream();
    static_cast<void>(co_await length_of_rest(std::move(stream)));
    const int last = co_await connection_of(session.get("/connection-id"));
    CHECK(last == first);
  });
}

TEST_CASE("the connection that was used last is used first", "[keep alive]") {
  require(capabilities().connection_limits, owned_by_platform);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    auto [early, late] = co_await gather(connection_of(session.get("/connection-id")),
                                         connection_of(session.get("/idle-close/100000?x")));
    CHECK(early != late);
    const int next = co_await connection_of(session.get("/connection-id"));
    CHECK((next == early || next == late));
    const int again = co_await connection_of(session.get("/connection-id"));
    CHECK(again == next);
  });
}

TEST_CASE("sessions and origins do not share connections", "[keep alive]") {
  require(capabilities().connection_limits, owned_by_platform);
  run_test([]() -> Task<void> {
    AsyncSession one(test_server().http());
    AsyncSession two(test_server().http());
    std::set<int> connections;
    connections.insert(co_await connection_of(one.get("/connection-id")));
    connections.insert(co_await connection_of(two.get("/connection-id")));
    connections.insert(
        co_await connection_of(one.get(test_server().other_origin("/connection-id"))));
    CHECK(connections.size() == 3);
  });
}

TEST_CASE("Connection: close from either side ends the connection", "[keep alive]") {
  require(capabilities().connection_limits, owned_by_platform);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const int by_server = co_await connection_of(session.get("/close"));
    const int by_us =
        co_await connection_of(session.get("/connection-id").header("Connection", "close"));
    CHECK(by_us != by_server);
    const int after = co_await connection_of(session.get("/connection-id"));
    CHECK(after != by_us);
  });
}

TEST_CASE("a connection that the server closed meanwhile is replaced unseen", "[keep alive]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (int round = 0; round < 5; ++round) {
      const Response idle = co_await session.get("/idle-close/0");
      CHECK(idle.ok());
      const Response at_once = co_await session.get("/close-after-response");
      CHECK(at_once.ok());
    }
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("a kept connection that is closed under a request is replaced, where that is safe",
          "[keep alive]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get("/close-on-next"));
    const Response response = co_await session.get(tagged("/get", tag));
    CHECK(response.ok());
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started <= 2);
  });
}

TEST_CASE("a POST that may have been acted on is not sent twice", "[keep alive]") {
  require(capabilities().connection_limits, owned_by_platform);
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get("/close-on-next"));
    const auto failure =
        co_await failure_of<ConnectionClosedError>(session.post(tagged("/post", tag)).body("once"));
    check_failure(failure, ErrorCode::connection_closed, Phase::head, false);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 1);
  });
}

TEST_CASE("connections and connections_per_host bound how many there are", "[keep alive]") {
  require(capabilities().connection_limits, owned_by_platform);
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().connections_per_host(3));
    std::vector<Task<int>> requests;
    for (int i = 0; i < 12; ++i) requests.push_back(connection_of(session.get("/connection-id")));
    const std::vector<int> by_host = co_await gather(std::move(requests));
    CHECK(std::set<int>(by_host.begin(), by_host.end()).size() <= 3);
    session.limits(Limits().connections(1));
    std::vector<Task<int>> two_origins;
    for (int i = 0; i < 3; ++i) {
      two_origins.push_back(connection_of(session.get("/connection-id")));
      two_origins.push_back(
          connection_of(session.get(test_server().other_origin("/connection-id"))));
    }
    const std::vector<int> in_all = co_await gather(std::move(two_origins));
    CHECK(in_all.size() == 6);
  });
}

TEST_CASE("an unused connection is closed after idle_timeout", "[keep alive]") {
  require(capabilities().connection_limits, owned_by_platform);
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    session.limits(Limits().idle_timeout(50ms));
    const int first = co_await connection_of(session.get(tagged("/connection-id", tag)));
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    const int second = co_await connection_of(session.get("/connection-id"));
    CHECK(second != first);
  });
}
