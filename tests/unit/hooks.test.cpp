// Hooks of sessions and facades.
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/client.hpp>
#include <reqivo/errors.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/fake_transport.hpp"
#include "support/manual_loop.hpp"

namespace reqivo {
namespace {

using test::FakeServer;
using test::ManualTime;
using Strings = std::vector<std::string>;

TEST_CASE("hooks run in order, once per request, and see what is sent and what came") {
  const ManualTime time;
  FakeServer server;
  AsyncReqivo client;
  server.serve(client);
  Strings seen;
  client
      .on_request([&](Request& request) {
        seen.push_back("1 " + request.method() + " " + request.url());
        request.headers().set("X-Hook", "1").remove("Accept");
      })
      .on_request([&](Request& request) {
        seen.push_back("2 " + std::string(request.headers().get("X-Hook").value_or("")));
      })
      .on_response([&](Response& response) {
        seen.push_back("3 " + std::to_string(response.status_code()) + response.body());
      })
      .on_response([&](Response& response) { seen.push_back("4 " + response.url()); });
  server.answer(302).header("Location", "/b");
  server.answer(201).body("done");
  run(client.put("http://u:p@h/a#f").param("q", "x y"));
  CHECK(seen == Strings{"1 PUT http://h/a?q=x%20y", "2 1", "3 201done", "4 http://h/b"});
  CHECK(server.last().headers.get("X-Hook") == "1");
  CHECK_FALSE(server.last().headers.contains("Accept"));
}

template <class Client>
concept TakesCoroutines = requires(Client client, Task<void> (*of_request)(Request&),
                                   Task<void> (*of_response)(Response&)) {
  client.on_request(of_request);
  client.on_response(of_response);
};
template <class Client>
concept TakesFunctions = requires(Client client, void (*of_request)(Request&),
                                  int (*of_response)(const Response&)) {
  client.on_request(of_request);
  client.on_response(of_response);
};
// Nobody would await what a coroutine gives back, so it would never run.
static_assert(!TakesCoroutines<AsyncReqivo> && !TakesCoroutines<Session>);
static_assert(TakesFunctions<AsyncReqivo> && TakesFunctions<Session>);

TEST_CASE("a hook is one object, which keeps what state it has") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  session.on_request([count = 0](Request& request) mutable {
    request.headers().set("X-Number", std::to_string(++count));
  });
  int answers = 0;
  session.on_response([total = std::make_unique<int>(0), &answers](Response&) {
    answers = ++*total;  // what it owns cannot be copied
  });
  for (const char* const number : {"1", "2", "3"}) {
    server.answer();
    run(session.get("http://h/"));
    CHECK(server.last().headers.get("X-Number") == number);
  }
  CHECK(answers == 3);
}

TEST_CASE("a response hook sees a stream's head, once, before its body is read") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  int calls = 0;
  session.on_response([&](Response& response) {
    ++calls;
    CHECK(response.status_code() == 206);
    CHECK(response.body().empty());
  });
  server.answer(206).body("body");
  StreamResponse stream = run(session.get("http://h/").stream());
  CHECK(stream.status_code() == 206);
  CHECK(run(stream.buffer()).body() == "body");
  CHECK(calls == 1);
}

TEST_CASE("what a hook throws, the awaiter gets as it is, and nothing stays open") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  SECTION("before sending") {
    session.on_request([](Request&) { throw std::out_of_range("mine"); });
    CHECK_THROWS_AS(run(session.get("http://h/")), std::out_of_range);
    CHECK_THROWS_AS(run(session.get("http://h/").stream()), std::out_of_range);
    CHECK(server.sent().empty());
  }
  SECTION("after the answer") {
    session.on_response([](Response&) { throw std::out_of_range("mine"); });
    server.answer().body("x");
    CHECK_THROWS_AS(run(session.get("http://h/")), std::out_of_range);
    server.answer().body("x");
    CHECK_THROWS_AS(run(session.get("http://h/").stream()), std::out_of_range);
    CHECK(server.aborted() == 1);
  }
  SECTION("a bad header") {
    session.on_request([](Request& request) { request.headers().set("a", "b\r\nc: d"); });
    CHECK_THROWS_AS(run(session.get("http://h/")), RequestError);
    CHECK(server.sent().empty());
  }
  CHECK(server.open() == 0);
  run(session.close());
}

TEST_CASE("a response hook that ends its session ends a stream, and not a response in hand") {
  const ManualTime time;
  FakeServer server;
  auto client = std::make_unique<AsyncReqivo>();
  const auto serve_and_end = [&] {
    client = std::make_unique<AsyncReqivo>();
    server.serve(*client);
    client->on_response([&](Response&) { client.reset(); });
    server.answer().body("body");
  };
  serve_and_end();
  CHECK_THROWS_AS(run(client->get("http://h/").stream()), ClosedError);
  CHECK(server.aborted() == 1);
  serve_and_end();
  CHECK(run(client->get("http://h/")).body() == "body");
  CHECK(server.open() == 0);
}

TEST_CASE("a response hook may change the buffered response") {
  const ManualTime time;
  FakeServer server;
  Reqivo facade;
  server.serve(facade);
  facade.on_response([](Response& response) { response.raise_for_status(); });
  server.answer(404);
  CHECK_THROWS_AS(facade.get("http://h/").send(), HttpStatusError);
  CHECK(facade.get("http://h/").send().ok());
}

TEST_CASE("a hook may add hooks and make requests of its own session") {
  const ManualTime time;
  FakeServer server;
  AsyncSession session;
  server.serve(session);
  std::vector<JoinHandle<Response>> side_requests;
  int added_ran = 0;
  session.on_request([&](Request& request) {
    if (request.url() != "http://h/main") return;
    for (int i = 0; i < 10; ++i) session.on_request([&](Request&) { ++added_ran; });
    side_requests.push_back(create_task(session.get("http://h/side")));
  });
  run(session.get("http://h/main"));
  CHECK(added_ran == 20);
  CHECK(server.sent().size() == 2);
}

}  // namespace
}  // namespace reqivo
