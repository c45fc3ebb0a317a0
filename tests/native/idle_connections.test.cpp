// Which connections the pool keeps, and which it gives up, by how they were used and for how long
// nobody has used them.
#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <utility>
#include <vector>

#include "local_peer.hpp"
#include "support/run_test.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// The connection that carries the next request, which is answered by `answer`.
Task<LocalPeer> answered(LocalListener* listener, JoinHandle<Response> sent, std::string answer) {
  LocalPeer peer = co_await wait_for(listener->accept(), 5s);
  static_cast<void>(co_await peer.take_head());
  peer.send(answer);
  static_cast<void>(co_await std::move(sent));
  co_return peer;
}

/// Each connection is closed behind its answer, and leaves its room to the next request.
Task<void> check_closed_ones_leave_room(Limits limits) {
  LocalListener listener;
  AsyncSession session(listener.url());
  session.limits(limits).default_timeout(Timeout().pool(5s));
  for (int i = 0; i < 3; ++i) {
    JoinHandle<Response> sent = create_task(session.get("/"));
    LocalPeer peer = co_await answered(&listener, std::move(sent), answer_with("x"));
    peer.close();
    co_await sleep(30ms);  // seen to be closed before the next one
  }
}

}  // namespace

TEST_CASE("of several origins the connection that lay idle longest makes room", "[pool]") {
  run_test([]() -> Task<void> {
    LocalListener oldest;
    LocalListener newer;
    LocalListener wanted;
    AsyncSession session;
    session.limits(Limits().connections(2));
    std::vector<LocalPeer> peers;
    for (LocalListener* const listener : {&oldest, &newer, &wanted}) {
      JoinHandle<Response> sent = create_task(session.get(listener->url()));
      peers.push_back(co_await answered(listener, std::move(sent), answer_with("x")));
      co_await sleep(2ms);
    }
    co_await peers[0].wait_ended();
    CHECK_FALSE(peers[1].ended());
    CHECK_FALSE(peers[2].ended());
  });
}

TEST_CASE("idle connections of several origins are closed each in its own time", "[pool]") {
  run_test([]() -> Task<void> {
    LocalListener first;
    LocalListener second;
    LocalListener last;
    AsyncSession session;
    session.limits(Limits().idle_timeout(400ms));
    std::vector<LocalPeer> peers;
    for (LocalListener* const listener : {&first, &second, &last}) {
      if (listener == &last) co_await sleep(300ms);
      JoinHandle<Response> sent = create_task(session.get(listener->url()));
      peers.push_back(co_await answered(listener, std::move(sent), answer_with("x")));
      co_await sleep(2ms);
    }
    co_await peers[0].wait_ended();
    co_await peers[1].wait_ended();
    CHECK_FALSE(peers[2].ended());
    co_await peers[2].wait_ended();
  });
}

TEST_CASE("a kept connection that turns out to be closed leaves its room in a full pool",
          "[pool]") {
  run_test(check_closed_ones_leave_room, Limits().connections(1));
  run_test(check_closed_ones_leave_room, Limits().connections_per_host(1));
}

TEST_CASE("a request that said Connection: close gives its connection up, whatever the server says",
          "[pool]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    for (const char* const value : {"close", "Close", "x, close", "close , x"}) {
      CAPTURE(value);
      JoinHandle<Response> sent = create_task(session.get("/").header("connection", value));
      LocalPeer peer = co_await answered(&listener, std::move(sent), answer_with("for ever yours"));
      co_await peer.wait_ended();
    }
  });
}

TEST_CASE("an answer by HTTP/1.0 says so, and ends its connection", "[pool]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> sent = create_task(session.get("/"));
    LocalPeer peer = co_await listener.accept();
    static_cast<void>(co_await peer.take_head());
    peer.send("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
    const Response response = co_await sent;
    CHECK(response.http_version() == "1.0");
    co_await peer.wait_ended();
  });
}
