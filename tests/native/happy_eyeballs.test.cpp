// Connecting where a name has several addresses: RFC 8305.
#include <algorithm>
#include <asio/ip/tcp.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <utility>
#include <vector>

#include "local_peer.hpp"
#include "native/connection_race.hpp"
#include "native/event_loop.hpp"
#include "server_view.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;
using asio::ip::tcp;
using reqivo::native::AsioEventLoop;
using reqivo::native::ConnectionRace;

namespace {

using Clock = std::chrono::steady_clock;

tcp::endpoint at_v4(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }
tcp::endpoint at_v6(std::uint16_t port) { return {asio::ip::address_v6::loopback(), port}; }

/// How a race ended: the port of the winner, or why there is none.
struct RaceResult {
  RaceResult() = default;
  std::optional<std::string> failure;
  std::chrono::milliseconds took{};
};

Task<RaceResult> race(std::vector<tcp::endpoint> endpoints) {
  const auto start = Clock::now();
  ConnectionRace connecting(AsioEventLoop::current().context(), std::move(endpoints));
  detail::Outcome<native::Socket> outcome = co_await connecting;
  RaceResult result;
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  if (!outcome.ok()) {
    CHECK(outcome.failure().code == ErrorCode::connect);
    CHECK(outcome.failure().phase == Phase::connect);
    CHECK(outcome.failure().retryable);
    result.failure = outcome.failure().what;
  }
  co_return result;
}

/// The shortest of some: what a loaded machine adds does not count.
template <class Measure>
Task<std::chrono::milliseconds> shortest_of_five(Measure measure) {
  std::chrono::milliseconds shortest = 1h;
  for (int i = 0; i < 5; ++i) shortest = std::min(shortest, co_await measure());
  co_return shortest;
}

bool has_ipv6() {
  try {
    const LocalListener listener(AF_INET6);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

/// A listener on IPv4 at the port of `other`; nothing where somebody else has it.
std::optional<LocalListener> listener_beside(const LocalListener& other) {
  try {
    return LocalListener(AF_INET, 64, other.port());
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

/// The time after which the next address is tried, RFC 8305 §8.
constexpr std::chrono::milliseconds attempt_delay(250);

}  // namespace

TEST_CASE("localhost is reached by IPv4 at once where its IPv6 port is closed", "[connect]") {
  run_test([]() -> Task<void> {
    std::string url = test_server().other_origin("/get");
    url.replace(url.find("127.0.0.1"), std::string_view("127.0.0.1").size(), "localhost");
    const auto shortest = co_await shortest_of_five([&url]() -> Task<std::chrono::milliseconds> {
      const auto start = Clock::now();
      AsyncSession session;
      const Response response = co_await session.get(url);
      CHECK(response.ok());
      co_return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    });
    CHECK(shortest < attempt_delay);
  });
}

TEST_CASE("localhost is reached by IPv6 where nothing listens on IPv4", "[connect]") {
  if (!has_ipv6()) SKIP("this machine has no IPv6");
  run_test([]() -> Task<void> {
    LocalListener listener(AF_INET6);
    AsyncSession session;
    JoinHandle<Response> request = create_task(session.get(listener.url("/", "http", "localhost")));
    LocalPeer peer = co_await listener.accept();
    static_cast<void>(co_await peer.take_head());
    peer.send(answer_with("by IPv6"));
    const Response response = co_await request;
    CHECK(response.body() == "by IPv6");
  });
}

TEST_CASE("an IPv6 address in a URL is connected to", "[connect]") {
  if (!has_ipv6()) SKIP("this machine has no IPv6");
  run_test([]() -> Task<void> {
    std::string url = test_server().http("/get");
    url.replace(url.find("127.0.0.1"), std::string_view("127.0.0.1").size(), "[::1]");
    AsyncSession session;
    const Response response = co_await session.get(url);
    CHECK(response.ok());
  });
}

TEST_CASE("a host that refuses is ConnectError, and nothing stays open", "[connect]") {
  run_test([]() -> Task<void> {
    const RefusedPort refused;
    AsyncSession session;
    const std::size_t before = open_sockets();
    const std::string port = std::to_string(refused.port());
    const ConnectError by_address =
        co_await failure_of<ConnectError>(session.get("http://127.0.0.1:" + port));
    check_failure(by_address, ErrorCode::connect, Phase::connect, true);
    const ConnectError by_name =
        co_await failure_of<ConnectError>(session.get("http://localhost:" + port));
    check_failure(by_name, ErrorCode::connect, Phase::connect, true);
    CHECK(open_sockets() == before);
  });
}

TEST_CASE("a host that does not answer is ConnectTimeout, and nothing stays open", "[connect]") {
  run_test([]() -> Task<void> {
    const Blackhole nowhere;
    AsyncSession session;
    const std::size_t before = open_sockets();
    const ConnectTimeout failure = co_await failure_of<ConnectTimeout>(
        session.get(nowhere.listener().url()).timeout(Timeout().connect(50ms)));
    check_failure(failure, ErrorCode::connect_timeout, Phase::connect, true);
    CHECK(open_sockets() == before);
  });
}

TEST_CASE("the connect limit bounds the lookup of the name as well", "[connect]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    const ConnectTimeout failure = co_await failure_of<ConnectTimeout>(
        session.get("http://host.invalid/").timeout(Timeout().connect(0s)));
    check_failure(failure, ErrorCode::connect_timeout, Phase::resolve, true);
  });
}

TEST_CASE("a race has the first address as its winner where that accepts", "[connect]") {
  run_test([]() -> Task<void> {
    LocalListener first;
    LocalListener second;
    std::vector<tcp::endpoint> endpoints;
    endpoints.push_back(at_v4(first.port()));
    endpoints.push_back(at_v4(second.port()));
    const RaceResult result = co_await race(std::move(endpoints));
    CHECK_FALSE(result.failure);
    CHECK(first.has_connection());
    CHECK_FALSE(second.has_connection());
  });
}

TEST_CASE("what lost a race is closed before the handshake of what won it", "[connect][tls]") {
  if (!has_ipv6()) SKIP("this machine has no IPv6");
  run_test([]() -> Task<void> {
    std::optional<Blackhole> nowhere;
    std::optional<LocalListener> open;
    while (!open) {
      nowhere.emplace(AF_INET6);
      open = listener_beside(nowhere->listener());
    }
    AsyncSession session;
    const std::size_t before = open_sockets();
    const JoinHandle<Response> request =
        create_task(session.get(open->url("/", "https", "localhost")));
    LocalPeer peer = co_await open->accept();
    co_await peer.take_until("localhost");  // the name in the client's first message
    CHECK(open_sockets() == before + 2);    // both ends of the one connection
  });
}

TEST_CASE("an address that refuses is followed by the next one at once", "[connect]") {
  run_test([]() -> Task<void> {
    const RefusedPort refused;
    LocalListener open;
    const auto shortest = co_await shortest_of_five([&]() -> Task<std::chrono::milliseconds> {
      std::vector<tcp::endpoint> endpoints;
      endpoints.push_back(at_v4(refused.port()));
      endpoints.push_back(at_v4(open.port()));
      const RaceResult result = co_await race(std::move(endpoints));
      CHECK_FALSE(result.failure);
      co_return result.took;
    });
    CHECK(shortest < attempt_delay);
    CHECK(open.has_connection());
  });
}

TEST_CASE("an address that does not answer is followed by the next one after 250 ms", "[connect]") {
  run_test([]() -> Task<void> {
    const Blackhole nowhere;
    LocalListener open;
    const std::size_t before = open_sockets();
    std::vector<tcp::endpoint> endpoints;
    endpoints.push_back(at_v4(nowhere.listener().port()));
    endpoints.push_back(at_v4(open.port()));
    const RaceResult result = co_await race(std::move(endpoints));
    CHECK_FALSE(result.failure);
    CHECK(result.took >= attempt_delay - 1ms);
    CHECK(open.has_connection());
    CHECK(open_sockets() == before);  // the loser is closed, and so is the winner that nobody kept
  });
}

TEST_CASE("the other way round nobody waits for the address that does not answer", "[connect]") {
  run_test([]() -> Task<void> {
    const Blackhole nowhere;
    LocalListener open;
    const auto shortest = co_await shortest_of_five([&]() -> Task<std::chrono::milliseconds> {
      std::vector<tcp::endpoint> endpoints;
      endpoints.push_back(at_v4(open.port()));
      endpoints.push_back(at_v4(nowhere.listener().port()));
      const RaceResult result = co_await race(std::move(endpoints));
      CHECK_FALSE(result.failure);
      co_return result.took;
    });
    CHECK(shortest < attempt_delay);
  });
}

TEST_CASE("a race among both families is won by the one that listens", "[connect]") {
  if (!has_ipv6()) SKIP("this machine has no IPv6");
  run_test([]() -> Task<void> {
    LocalListener open(AF_INET6);
    const RefusedPort refused;
    std::vector<tcp::endpoint> endpoints;
    endpoints.push_back(at_v4(refused.port()));
    endpoints.push_back(at_v6(open.port()));
    const RaceResult result = co_await race(std::move(endpoints));
    CHECK_FALSE(result.failure);
    CHECK(open.has_connection());
  });
}

TEST_CASE("a race that all addresses refuse fails as soon as the last one did", "[connect]") {
  run_test([]() -> Task<void> {
    const RefusedPort first;
    const RefusedPort second;
    const RefusedPort third;
    const std::size_t before = open_sockets();
    const auto shortest = co_await shortest_of_five([&]() -> Task<std::chrono::milliseconds> {
      std::vector<tcp::endpoint> endpoints;
      endpoints.push_back(at_v4(first.port()));
      endpoints.push_back(at_v4(second.port()));
      endpoints.push_back(at_v4(third.port()));
      const RaceResult result = co_await race(std::move(endpoints));
      CHECK(result.failure == "Connection refused");
      co_return result.took;
    });
    CHECK(shortest < attempt_delay);
    CHECK(open_sockets() == before);
  });
}

TEST_CASE("a race that is lost everywhere tells why its first address failed", "[connect]") {
  run_test([]() -> Task<void> {
    const RefusedPort refused;
    const tcp::endpoint unreachable(asio::ip::address_v4::broadcast(), refused.port());
    std::vector<tcp::endpoint> endpoints;
    endpoints.push_back(at_v4(refused.port()));
    endpoints.push_back(unreachable);
    const RaceResult refused_first = co_await race(endpoints);
    CHECK(refused_first.failure == "Connection refused");
    std::swap(endpoints.front(), endpoints.back());
    const RaceResult refused_last = co_await race(endpoints);
    REQUIRE(refused_last.failure);
    CHECK(refused_last.failure != "Connection refused");
  });
}

TEST_CASE("a race without addresses fails", "[connect]") {
  run_test([]() -> Task<void> {
    const RaceResult result = co_await race(std::vector<tcp::endpoint>());
    CHECK(result.failure.has_value());
  });
}

TEST_CASE("a race that is dropped closes every attempt", "[connect]") {
  run_test([]() -> Task<void> {
    const Blackhole first;
    const Blackhole second;
    const std::size_t before = open_sockets();
    std::vector<tcp::endpoint> endpoints;
    endpoints.push_back(at_v4(first.listener().port()));
    endpoints.push_back(at_v4(second.listener().port()));
    {
      const JoinHandle<RaceResult> one = create_task(race(endpoints));
      CHECK(open_sockets() == before + 1);
    }
    CHECK(open_sockets() == before);
    {
      const JoinHandle<RaceResult> both = create_task(race(endpoints));
      while (open_sockets() < before + 2) co_await sleep(5ms);
    }
    CHECK(open_sockets() == before);
    co_await sleep(attempt_delay + 50ms);  // what is left of a race must not try again
    CHECK(open_sockets() == before);
  });
}

TEST_CASE("a race that is dropped in the turn in which it is won closes the winner", "[connect]") {
  run_test([]() -> Task<void> {
    LocalListener open;
    const std::size_t before = open_sockets();
    for (int turns = 0; turns < 6; ++turns) {
      std::vector<tcp::endpoint> endpoints;
      endpoints.push_back(at_v4(open.port()));
      {
        const JoinHandle<RaceResult> won = create_task(race(std::move(endpoints)));
        for (int i = 0; i < turns; ++i) co_await sleep(0ms);
      }
      CHECK(open_sockets() == before);
    }
  });
}
