// The one safe replay: a kept connection that turns out to be closed costs an idempotent request
// nothing.
#include <catch2/catch_test_macros.hpp>
#include <future>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <string_view>
#include <thread>

#include "local_peer.hpp"
#include "server_view.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

void check_closed_unanswered(const ConnectionClosedError& failure) {
  check_message(failure);
  CAPTURE(failure.what());
  CHECK(failure.code() == ErrorCode::connection_closed);
  CHECK_FALSE(failure.retryable());
}

/// A session with one kept connection, and the listener's side of that.
struct KeptConnection {
  KeptConnection() : session(listener.url()) {}
  LocalListener listener;
  AsyncSession session;
  LocalPeer peer;

  Task<void> make() {
    JoinHandle<Response> first = create_task(session.get("/"));
    peer = co_await listener.accept();
    static_cast<void>(co_await peer.take_head());
    peer.send(answer_with("first"));
    const Response response = co_await first;
    CHECK(response.body() == "first");
  }
};

}  // namespace

TEST_CASE("GET is sent once more where its kept connection was closed unanswered", "[replay]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get("/close-on-next"));
    const ConnectionUse use = co_await use_of(session.get(tagged("/connection-id", tag)));
    CHECK(use.requests == 1);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 2);
  });
}

TEST_CASE("a request that has gone out once is not retryable, however its replay fails",
          "[replay]") {
  run_test([]() -> Task<void> {
    std::optional<KeptConnection> kept(std::in_place);
    co_await kept->make();
    AsyncSession session = std::move(kept->session);
    LocalPeer peer = std::move(kept->peer);
    JoinHandle<Response> request = create_task(session.delete_("/account"));
    static_cast<void>(co_await peer.take_head());
    kept.reset();  // nobody listens any more
    peer.close();
    const ConnectError failure = co_await failure_of<ConnectError>(std::move(request));
    CHECK(failure.phase() == Phase::connect);
    CHECK_FALSE(failure.retryable());
  });
}

TEST_CASE("the same over TLS", "[replay]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().https());
    session.tls(trusting_server());
    static_cast<void>(co_await session.get("/close-on-next"));
    const ConnectionUse use = co_await use_of(session.get(tagged("/connection-id", tag)));
    CHECK(use.requests == 1);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 2);
  });
}

TEST_CASE("PUT with bytes, DELETE, HEAD, OPTIONS and TRACE are idempotent, too", "[replay]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get("/close-on-next"));
    const Response put = co_await session.put("/put").body("the whole of it");
    CHECK(put.json().at("data") == "the whole of it");
    static_cast<void>(co_await session.get("/close-on-next"));
    const Response deleted = co_await session.delete_("/delete");
    CHECK(deleted.ok());
    for (const std::string_view method : {"HEAD", "OPTIONS", "TRACE"}) {
      CAPTURE(method);
      static_cast<void>(co_await session.get("/close-on-next"));
      const std::string tag = unique_tag();
      static_cast<void>(co_await session.request(method, tagged("/anything", tag)));
      const TagRecord record = co_await tag_record(tag);
      CHECK(record.started == 2);
    }
  });
}

TEST_CASE("POST is never sent again", "[replay]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get("/close-on-next"));
    const ConnectionClosedError failure =
        co_await failure_of<ConnectionClosedError>(session.post(tagged("/post", tag)).body("once"));
    check_closed_unanswered(failure);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 1);
  });
}

TEST_CASE("PATCH is never sent again", "[replay]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get("/close-on-next"));
    const ConnectionClosedError failure =
        co_await failure_of<ConnectionClosedError>(session.patch("/patch").body("once"));
    check_closed_unanswered(failure);
  });
}

TEST_CASE("a streamed body is never sent again", "[replay]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    static_cast<void>(co_await session.get("/close-on-next"));
    const ConnectionClosedError failure = co_await failure_of<ConnectionClosedError>(
        session.put(tagged("/put", tag)).body(pieces_of(1, 10)));
    check_closed_unanswered(failure);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 1);
  });
}

TEST_CASE("a request on a new connection is not sent again", "[replay]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    const ConnectionClosedError failure =
        co_await failure_of<ConnectionClosedError>(session.get(tagged("/reset?how=fin", tag)));
    check_failure(failure, ErrorCode::connection_closed, Phase::head, false);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 1);
  });
}

TEST_CASE("a request is sent twice at most", "[replay]") {
  run_test([]() -> Task<void> {
    KeptConnection kept;
    co_await kept.make();
    JoinHandle<ConnectionClosedError> request =
        create_task(failure_of<ConnectionClosedError>(kept.session.get("/again")));
    static_cast<void>(co_await kept.peer.take_head());
    kept.peer.close();
    LocalPeer second = co_await kept.listener.accept();
    static_cast<void>(co_await second.take_head());
    second.close();
    const ConnectionClosedError failure = co_await request;
    check_closed_unanswered(failure);
    CHECK_FALSE(kept.listener.has_connection());
  });
}

TEST_CASE("a replay goes over a new connection, not over another kept one", "[replay]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    // Two kept connections, each of which will be closed when it is used.
    Task<Response> one = session.get("/close-on-next");
    Task<Response> other = session.get("/close-on-next");
    static_cast<void>(co_await gather(std::move(one), std::move(other)));
    const ConnectionUse use = co_await use_of(session.get(tagged("/connection-id", tag)));
    CHECK(use.requests == 1);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.started == 2);
  });
}

TEST_CASE("a replay needs no second place in a full pool", "[replay]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    Limits limits;
    limits.connections(1);
    session.limits(limits).default_timeout(Timeout().pool(5s));
    static_cast<void>(co_await session.get("/close-on-next"));
    const ConnectionUse use = co_await use_of(session.get("/connection-id"));
    CHECK(use.requests == 1);
  });
}

TEST_CASE("once a byte of the answer has come the request is not sent again", "[replay]") {
  run_test([]() -> Task<void> {
    KeptConnection kept;
    co_await kept.make();
    JoinHandle<Response> request = create_task(kept.session.get("/again"));
    static_cast<void>(co_await kept.peer.take_head());
    kept.peer.send("HTTP/1.1 2");
    kept.peer.close();
    bool failed = false;
    try {
      static_cast<void>(co_await request);
    } catch (const RequestError& failure) {
      failed = true;
      CHECK_FALSE(failure.retryable());
    }
    CHECK(failed);
    CHECK_FALSE(kept.listener.has_connection());
  });
}

TEST_CASE("bytes that nobody asked for make an idle connection useless", "[replay]") {
  run_test([]() -> Task<void> {
    KeptConnection kept;
    co_await kept.make();
    kept.peer.send(answer_with("forged"));
    co_await sleep(5ms);
    JoinHandle<Response> request = create_task(kept.session.post("/"));
    LocalPeer second = co_await kept.listener.accept();
    static_cast<void>(co_await second.take_head());
    second.send(answer_with("asked for"));
    const Response response = co_await request;
    CHECK(response.body() == "asked for");
    co_await kept.peer.wait_ended();
  });
}

TEST_CASE("a blocking program that was away does not use a connection closed meanwhile",
          "[replay]") {
  LocalListener listener;
  std::promise<void> closed;
  std::thread server([&] {
    run([](LocalListener* at, std::promise<void>* done) -> Task<void> {
      LocalPeer first = co_await at->accept();
      static_cast<void>(co_await first.take_head());
      first.send(answer_with("first"));
      co_await sleep(5ms);
      first.close();
      done->set_value();
      LocalPeer second = co_await at->accept();
      static_cast<void>(co_await second.take_head());
      second.send(answer_with("second"));
      co_await second.wait_ended();
    }(&listener, &closed));
  });
  {
    Session session(listener.url());
    const Response first = session.post("/").send();
    CHECK(first.body() == "first");
    closed.get_future().wait();
    // This thread's loop has not run since. A connection is trusted unseen for 20 ms after its last
    // use.
    std::this_thread::sleep_for(30ms);
    const Response second = session.post("/").send();
    CHECK(second.body() == "second");
  }
  server.join();
}
