// The connection pool, seen from the server: which connection carries which request, and how many
// there are.
#include "native/pool.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "local_peer.hpp"
#include "native/connection_race.hpp"
#include "native/event_loop.hpp"
#include "server_view.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// More than any buffer between server and client takes: its connection stays in use until it is
/// read.
constexpr const char* long_body = "/big/20000000";
constexpr std::array<const char*, 2> closing_paths = {"/close-after-response", "/idle-close/20"};
constexpr std::array<const char*, 2> streamed_paths = {"/big/300000", "/big-chunked/300000"};

const std::vector<int> in_order{1, 2, 3, 4, 5};
constexpr std::array<const char*, 6> waited_for = {"full",      "full",  "new",
                                                   "also full", "newer", "new"};
const std::vector<int> past_full{3, 5, 6};
const std::vector<int> past_full_and_then_those{3, 5, 6, 4, 1, 2};

Limits with_connections(std::size_t count) {
  Limits limits;
  limits.connections(count);
  return limits;
}

Task<int> connection_of(Task<Response> sent) {
  const ConnectionUse use = co_await use_of(std::move(sent));
  co_return use.connection;
}

/// Sends a request whose number is noted when its answer is there.
Task<void> note_when_answered(Task<Response> sent, int number, std::vector<int>* answered) {
  static_cast<void>(co_await std::move(sent));
  answered->push_back(number);
}

Task<std::unique_ptr<native::Connection>> connected_to(std::uint16_t port) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  endpoints.emplace_back(asio::ip::address_v4::loopback(), port);
  native::ConnectionRace race(native::AsioEventLoop::current().context(), std::move(endpoints));
  detail::Outcome<native::Socket> socket = co_await race;
  if (!socket.ok()) throw std::runtime_error(socket.failure().what);
  co_return std::make_unique<native::Connection>(std::move(socket).value(), std::nullopt);
}

/// Lets all that is ready now go on.
Task<void> settle() {
  for (int i = 0; i < 10; ++i) co_await sleep(0ms);
}

/// Notes its number once there is room, and makes room for the next at once.
Task<void> pass_through(native::Pool* pool, std::string origin, int number,
                        std::vector<int>* order) {
  const native::Lease lease =
      co_await pool->acquire(std::move(origin), native::KeptConnection::any);
  order->push_back(number);
}

constexpr int crowd = 20000;

/// Has so many wait for room at so many origins, and some of them give up, before there is any.
Task<void> serve_crowd(int origins, std::size_t per_host) {
  native::Pool pool(Limits().connections(4).connections_per_host(per_host));
  auto full = pool.try_acquire("full", native::KeptConnection::any, {});
  std::vector<native::Lease> held;
  for (int i = 0; i < 3; ++i) {
    const std::string origin = per_host == 1 ? std::to_string(i) : "full";
    held.push_back(*pool.try_acquire(origin, native::KeptConnection::any, {}));
  }
  std::vector<int> order;
  std::vector<JoinHandle<void>> waiting;
  for (int i = 0; i < crowd; ++i) {
    // With one connection per host, every other one waits for its own origin until the very end.
    std::string origin = i % 2 == 0 ? std::to_string(i % origins) : "full";
    waiting.push_back(create_task(pass_through(&pool, std::move(origin), i, &order)));
  }
  for (std::size_t i = 0; i < waiting.size(); i += 3) waiting[i].cancel();
  held.clear();
  co_await settle();
  full.reset();
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (i % 3 != 0) co_await waiting[i];
  }
  CHECK(order.size() == waiting.size() - (waiting.size() + 2) / 3);
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

}  // namespace

TEST_CASE("requests one after the other share one connection", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const ConnectionUse first = co_await use_of(session.get("/connection-id"));
    CHECK(first.requests == 1);
    for (int number = 2; number <= 5; ++number) {
      const ConnectionUse use = co_await use_of(session.post("/connection-id").body("x"));
      CHECK(use.connection == first.connection);
      CHECK(use.requests == number);
    }
  });
}

TEST_CASE("another session has connections of its own", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession one(test_server().http());
    AsyncSession two(test_server().http());
    const int first = co_await connection_of(one.get("/connection-id"));
    const int second = co_await connection_of(two.get("/connection-id"));
    CHECK(first != second);
  });
}

TEST_CASE("of several idle connections the one used last is taken", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    StreamResponse held = co_await session.get(tagged(long_body, tag)).stream();
    const std::vector<int> held_ones = co_await connections_with(tag);
    REQUIRE(held_ones.size() == 1);
    const int other = co_await connection_of(session.get("/connection-id"));
    CHECK(other != held_ones.front());

    static_cast<void>(co_await length_of_rest(std::move(held)));  // given back after the other one
    const int next = co_await connection_of(session.get("/connection-id"));
    CHECK(next == held_ones.front());
    const int after = co_await connection_of(session.get("/connection-id"));
    CHECK(after == held_ones.front());
  });
}

TEST_CASE("no more connections to one origin than allowed", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    Limits limits;
    limits.connections_per_host(2);
    session.limits(limits);
    std::vector<Task<Response>> requests;
    for (int i = 0; i < 8; ++i) requests.push_back(session.get(tagged("/delay/0.02", tag)));
    const std::vector<Response> responses = co_await gather(std::move(requests));
    for (const Response& response : responses) CHECK(response.ok());
    const std::vector<int> used = co_await connections_with(tag);
    CHECK(used.size() == 2);

    // The limit is each origin's own.
    const std::string other_tag = unique_tag();
    JoinHandle<Response> first = create_task(session.get(tagged("/stall", other_tag)));
    JoinHandle<Response> second = create_task(session.get(tagged("/stall", other_tag)));
    static_cast<void>(co_await wait_started(other_tag, 2));
    const Response elsewhere = co_await session.get(test_server().other_origin("/get"));
    CHECK(elsewhere.ok());
  });
}

TEST_CASE("no more connections in all than allowed", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session;
    session.limits(with_connections(3));
    std::vector<JoinHandle<Response>> requests;
    for (int i = 0; i < 3; ++i) {
      requests.push_back(create_task(session.get(test_server().http(tagged("/stall", tag)))));
      requests.push_back(
          create_task(session.get(test_server().other_origin(tagged("/stall", tag)))));
    }
    static_cast<void>(co_await wait_started(tag, 3));
    for (int i = 0; i < 3; ++i) {
      const TagRecord record = co_await tag_record(tag);
      CHECK(record.started == 3);
    }
    requests.erase(requests.begin(), requests.begin() + 3);
    const TagRecord all = co_await wait_started(tag, 6);
    CHECK(all.aborted == 3);
  });
}

TEST_CASE("who waits for a connection is served in the order of arrival", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(with_connections(1));
    StreamResponse held = co_await session.get(long_body).stream();
    std::vector<int> answered;
    std::vector<JoinHandle<void>> waiting;
    for (int number = 1; number <= 5; ++number) {
      Task<Response> request = session.get("/connection-id");
      waiting.push_back(create_task(note_when_answered(std::move(request), number, &answered)));
    }
    co_await settle();
    CHECK(answered.empty());
    static_cast<void>(co_await length_of_rest(std::move(held)));
    for (JoinHandle<void>& request : waiting) co_await request;
    CHECK(answered == in_order);
  });
}

TEST_CASE("who waits is served past those whose own origin has no room", "[pool]") {
  run_test([]() -> Task<void> {
    native::Pool pool(Limits().connections(3).connections_per_host(1));
    auto full = pool.try_acquire("full", native::KeptConnection::any, {});
    auto also_full = pool.try_acquire("also full", native::KeptConnection::any, {});
    auto other = pool.try_acquire("other", native::KeptConnection::any, {});
    REQUIRE((full && also_full && other));
    std::vector<int> order;
    std::vector<JoinHandle<void>> waiting;
    int number = 0;
    for (const char* const origin : waited_for) {
      waiting.push_back(create_task(pass_through(&pool, origin, ++number, &order)));
    }
    other.reset();
    co_await settle();
    CHECK(order == past_full);
    also_full.reset();
    co_await settle();
    full.reset();
    for (JoinHandle<void>& waiter : waiting) co_await waiter;
    CHECK(order == past_full_and_then_those);
  });
}

// With a walk past all that wait, each of these takes minutes.
TEST_CASE("however many wait, giving back costs the same", "[pool]") {
  const int origins = GENERATE(1, 100, crowd);
  const std::size_t per_host = GENERATE(std::size_t{1}, std::size_t{4});
  CAPTURE(origins, per_host);
  const double before = processor_seconds();
  run_test(serve_crowd, origins, per_host);
  CHECK(processor_seconds() - before < 15);
}

TEST_CASE("waiting for a connection ends by PoolTimeout, and the queue goes on without it",
          "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    session.limits(with_connections(1));
    StreamResponse held = co_await session.get(long_body).stream();
    const PoolTimeout failure = co_await failure_of<PoolTimeout>(
        session.get(tagged("/get", tag)).timeout(Timeout().pool(30ms)));
    check_failure(failure, ErrorCode::pool_timeout, Phase::pool, true);

    JoinHandle<Response> patient = create_task(session.get("/get"));
    static_cast<void>(co_await length_of_rest(std::move(held)));
    const Response response = co_await patient;
    CHECK(response.ok());
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 0);
  });
}

TEST_CASE("an idle connection is closed after idle_timeout", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    Limits limits;
    limits.idle_timeout(60ms);
    session.limits(limits);
    const int first = co_await connection_of(session.get(tagged("/connection-id", tag)));
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);  // by us
    const int second = co_await connection_of(session.get("/connection-id"));
    CHECK(first != second);
  });
}

TEST_CASE("idle_timeout holds where nothing drove the loop meanwhile", "[pool]") {
  const auto connection_id = [](Session& session) {
    return session.get("/connection-id").send().json().at("connection").get<int>();
  };
  Session session(test_server().http());
  session.limits(Limits().idle_timeout(50ms));
  const int first = connection_id(session);
  std::this_thread::sleep_for(100ms);
  CHECK(connection_id(session) != first);
}

TEST_CASE("each idle connection has its own time", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string early_tag = unique_tag();
    const std::string late_tag = unique_tag();
    AsyncSession session(test_server().http());
    Limits limits;
    limits.idle_timeout(600ms);
    session.limits(limits);
    StreamResponse held = co_await session.get(tagged(long_body, late_tag)).stream();
    static_cast<void>(co_await session.get(tagged("/get", early_tag)));
    co_await sleep(400ms);
    static_cast<void>(co_await length_of_rest(std::move(held)));
    const auto closed_at = [](std::string tag) -> Task<std::chrono::steady_clock::time_point> {
      const TagRecord record = co_await wait_closed(std::move(tag));
      CHECK(record.closed);
      co_return std::chrono::steady_clock::now();
    };
    auto both = gather(closed_at(early_tag), closed_at(late_tag));
    const auto [early, late] = co_await std::move(both);
    CHECK(late - early > 100ms);
  });
}

TEST_CASE("with an idle_timeout of zero no connection is kept", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    Limits limits;
    limits.idle_timeout(0s);
    session.limits(limits);
    const int first = co_await connection_of(session.get(tagged("/connection-id", tag)));
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    const int second = co_await connection_of(session.get("/connection-id"));
    CHECK(first != second);
  });
}

TEST_CASE("a connection that the server closed while it lay idle is not used again", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* const path : closing_paths) {
      CAPTURE(path);
      const std::string tag = unique_tag();
      const int first = co_await connection_of(session.get(tagged(path, tag)));
      static_cast<void>(co_await wait_closed(tag));
      // POST is never sent twice: it succeeds only where the closed connection was not tried.
      const int second = co_await connection_of(session.post("/connection-id"));
      CHECK(first != second);
    }
  });
}

TEST_CASE("a POST looks whether its connection was closed a moment ago", "[pool]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    auto getting = create_task(session.get("/"));
    LocalPeer first = co_await listener.accept();
    static_cast<void>(co_await first.take_head());
    first.send(answer_with("one"));
    static_cast<void>(co_await getting);
    first.close();  // the loop does not turn before the next request begins
    auto posting = create_task(session.post("/"));
    LocalPeer second = co_await wait_for(listener.accept(), 5s);
    static_cast<void>(co_await second.take_head());
    second.send(answer_with("two"));
    const Response response = co_await posting;
    CHECK(response.body() == "two");
  });
}

TEST_CASE("over TLS, too, a connection closed while idle is not used again", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().https());
    session.tls(trusting_server());
    const std::string tag = unique_tag();
    const int first = co_await connection_of(session.get(tagged("/close-after-response", tag)));
    static_cast<void>(co_await wait_closed(tag));
    const int second = co_await connection_of(session.post("/connection-id"));
    CHECK(first != second);
    const int third = co_await connection_of(session.post("/connection-id"));
    CHECK(second == third);
  });
}

TEST_CASE("Connection: close by either side ends the connection", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const int by_server = co_await connection_of(session.get(tagged("/close", tag)));
    const int by_us = co_await connection_of(
        session.get(tagged("/connection-id", tag)).header("Connection", "close"));
    const int next = co_await connection_of(session.get("/connection-id"));
    CHECK(by_server != by_us);
    CHECK(by_us != next);
    const std::size_t sockets = open_sockets();
    static_cast<void>(co_await session.get("/close"));
    CHECK(open_sockets() == sockets - 1);
  });
}

TEST_CASE("answers without a body leave their connection to the next request", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const int first = co_await connection_of(session.get("/connection-id"));
    const Response head = co_await session.head("/bytes/1000");
    CHECK(head.headers().get("Content-Length") == "1000");
    static_cast<void>(co_await session.get("/no-content"));
    static_cast<void>(co_await session.get("/not-modified"));
    const Response missing = co_await session.get("/status/404");
    CHECK(missing.status_code() == 404);
    const ConnectionUse last = co_await use_of(session.get("/connection-id"));
    CHECK(last.connection == first);
    CHECK(last.requests == 6);
  });
}

TEST_CASE("a streamed body read to its end leaves its connection to the next request", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const int first = co_await connection_of(session.get("/connection-id"));
    for (const char* const path : streamed_paths) {
      CAPTURE(path);
      StreamResponse stream = co_await session.get(path).stream();
      const std::uint64_t length = co_await length_of_rest(std::move(stream));
      CHECK(length == 300000);
      const int next = co_await connection_of(session.get("/connection-id"));
      CHECK(next == first);
    }
  });
}

TEST_CASE("a body that is not read to its end ends its connection, and no other", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    session.limits(with_connections(1));
    {
      StreamResponse dropped = co_await session.get(tagged(long_body, tag)).stream();
      const auto piece = co_await dropped.read();
      CHECK(piece.has_value());
    }
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    const ConnectionUse next = co_await use_of(session.get("/connection-id"));
    CHECK(next.requests == 1);
  });
}

TEST_CASE("a body that fails takes its place in the pool with it", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(with_connections(1));
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(
          co_await failure_of<ConnectionClosedError>(session.get("/reset-after/10?how=fin")));
      const ConnectionUse next = co_await use_of(session.get("/connection-id"));
      CHECK(next.requests == 1);
      static_cast<void>(co_await failure_of<DecodingError>(
          session.get("/encoded?coding=gzip&size=100000&corrupt=5000")));
      const Response after = co_await session.get("/get");
      CHECK(after.ok());
    }
  });
}

TEST_CASE("at the limit another origin's idle connection makes room", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session;
    session.limits(with_connections(1)).default_timeout(Timeout().pool(5s));
    static_cast<void>(co_await session.get(test_server().http(tagged("/get", tag))));
    const Response elsewhere = co_await session.get(test_server().other_origin("/get"));
    CHECK(elsewhere.ok());
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
  });
}

TEST_CASE("a waiting request makes room out of an idle connection of another origin", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    session.limits(with_connections(1));
    StreamResponse held = co_await session.get(test_server().http(long_body)).stream();
    JoinHandle<Response> elsewhere = create_task(session.get(test_server().other_origin("/get")));
    co_await settle();
    CHECK_FALSE(elsewhere.done());
    static_cast<void>(co_await length_of_rest(std::move(held)));
    const Response response = co_await elsewhere;
    CHECK(response.ok());
  });
}

TEST_CASE("who is cancelled while waiting leaves the queue", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    session.limits(with_connections(1));
    StreamResponse held = co_await session.get(long_body).stream();
    std::vector<JoinHandle<Response>> waiting;
    for (int i = 0; i < 5; ++i) waiting.push_back(create_task(session.get(tagged("/get", tag))));
    co_await settle();
    for (std::size_t cancelled = 0; cancelled < 5; cancelled += 2) waiting[cancelled].cancel();
    static_cast<void>(co_await length_of_rest(std::move(held)));
    const Response second = co_await waiting[1];
    const Response fourth = co_await waiting[3];
    CHECK(second.ok());
    CHECK(fourth.ok());
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 2);
  });
}

TEST_CASE("a connection granted to who is then cancelled goes to the next", "[pool]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    native::Pool pool(with_connections(1));
    native::Lease held = co_await pool.acquire("origin", native::KeptConnection::any);
    held.set_connection(co_await connected_to(listener.port()));
    native::Connection* const connection = held.connection().get();
    JoinHandle<native::Lease> granted =
        create_task(pool.acquire("origin", native::KeptConnection::any));
    JoinHandle<native::Lease> next =
        create_task(pool.acquire("origin", native::KeptConnection::any));
    held.give_back();  // the first in the queue has it, and was not resumed yet
    granted.cancel();
    const native::Lease lease = co_await next;
    CHECK(lease.reused());
    CHECK(lease.connection().get() == connection);
  });
}

TEST_CASE("a new connection beside an idle one of its origin takes the place of that", "[pool]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    native::Pool pool(Limits().connections_per_host(1));
    native::Lease kept = co_await pool.acquire("origin", native::KeptConnection::any);
    kept.set_connection(co_await connected_to(listener.port()));
    LocalPeer peer = co_await listener.accept();
    kept.give_back();
    const auto replaying = pool.try_acquire("origin", native::KeptConnection::none, {});
    CHECK(replaying);
    CHECK_FALSE(pool.try_acquire("origin", native::KeptConnection::none, {}));
    co_await peer.wait_ended();
  });
}

TEST_CASE("room granted to who is then cancelled goes to the next", "[pool]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(with_connections(1));
    auto held = std::make_unique<StreamResponse>(co_await session.get(long_body).stream());
    JoinHandle<Response> granted = create_task(session.get("/get"));
    JoinHandle<Response> next = create_task(session.get("/get"));
    co_await settle();
    held.reset();  // its connection is closed: the first in the queue may open one
    granted.cancel();
    const Response response = co_await next;
    CHECK(response.ok());
  });
}

TEST_CASE("an origin with nothing open is forgotten, and counts from none when it comes back",
          "[pool]") {
  run_test([]() -> Task<void> {
    native::Pool pool(Limits().connections(3).connections_per_host(1));
    const auto lease_to = [&pool](const std::string& origin) {
      return pool.try_acquire(origin, native::KeptConnection::any, {});
    };
    for (int round = 0; round < 3; ++round) {
      auto first = lease_to("http://first:80");
      CHECK(first);
      CHECK_FALSE(lease_to("http://first:80"));
      first.reset();
      first = lease_to("http://first:80");
      CHECK(first);
      const auto second = lease_to("http://second:80");
      CHECK(second);
      first.reset();
      CHECK_FALSE(lease_to("http://second:80"));
      CHECK(lease_to("http://first:80"));
      pool.close_idle();
    }
    co_return;
  });
}

TEST_CASE("closing a session closes its idle connections", "[pool]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get(tagged("/get", tag)));
    co_await session.close();
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
  });
}

TEST_CASE("thousands of requests, and hundreds of aborted ones, leave no descriptor behind",
          "[pool]") {
  run_test([]() -> Task<void> {
    static_cast<void>(co_await tag_record("warm-up"));
    const std::size_t before = open_descriptors();
    {
      AsyncSession session(test_server().http());
      session.limits(with_connections(20));
      for (int round = 0; round < 40; ++round) {
        std::vector<Task<Response>> requests;
        for (int i = 0; i < 50; ++i) requests.push_back(session.get("/get"));
        const std::vector<Response> responses = co_await gather(std::move(requests));
        CHECK(responses.size() == 50);
      }
      CHECK(open_descriptors() <= before + 20);
      for (int round = 0; round < 10; ++round) {
        std::vector<JoinHandle<Response>> aborted;
        for (int i = 0; i < 50; ++i) aborted.push_back(create_task(session.get("/get")));
        co_await sleep(std::chrono::microseconds(300) * round);
      }
      const Response last = co_await session.get("/get");
      CHECK(last.ok());
    }
    CHECK(open_descriptors() == before);
  });
}
