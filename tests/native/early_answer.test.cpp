// Answers that come before the request has gone out in full.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "local_peer.hpp"
#include "server_view.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"
#include "tls_local_peer.hpp"
#include "tls_test_peer.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;
using reqivo::testing::TlsTestServer;

namespace {

/// More than the buffers between client and server hold.
constexpr std::size_t large = 32 * 1024 * 1024;

constexpr std::array<const char*, 3> rejections = {"/upload?reject=413", "/upload?reject=401&close",
                                                   "/upload?reject=413&close"};

/// Yields pieces until somebody has had enough, and counts them.
Generator<std::string> endless(std::size_t* yielded) {
  for (;;) {
    ++*yielded;
    co_yield std::string(16 * 1024, 'p');
  }
}

/// The same, small ones and with a wait before each, so that sending never has to wait.
Generator<std::string> paced(std::size_t* yielded) {
  for (;;) {
    co_await sleep(1ms);
    ++*yielded;
    co_yield "p";
  }
}

/// Has one piece, and then waits for what never comes.
Generator<std::string> stuck() {
  co_yield "p";
  co_await sleep(1h);
}

/// Makes pieces without ever waiting, but for as long as the work on each takes.
Generator<std::string> laborious() {
  for (;;) {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < 1ms) {
    }
    co_yield "p";
  }
}

/// Sends the body of an upload of `length` bytes back as it comes.
Task<void> echo_body(LocalPeer* peer, std::size_t length) {
  std::size_t echoed = 0;
  while (echoed < length) {
    const std::string part = peer->take();
    if (part.empty()) co_await sleep(1ms);
    std::size_t sent = 0;
    while (sent < part.size()) {
      const std::size_t count = peer->send_some(std::string_view(part).substr(sent));
      if (count == 0) co_await sleep(1ms);
      sent += count;
    }
    echoed += part.size();
  }
  CHECK(echoed == length);
}

/// The next connection, with the head of its request taken.
Task<LocalPeer> accept_request(LocalListener* listener) {
  LocalPeer peer = co_await listener->accept();
  static_cast<void>(co_await peer.take_head());
  co_return peer;
}

/// The connection carries another exchange.
Task<void> check_kept(AsyncSession* session, LocalPeer* peer) {
  JoinHandle<Response> next = create_task(session->get("/next"));
  static_cast<void>(co_await peer->take_head());
  peer->send(answer_with("same connection"));
  const Response response = co_await next;
  CHECK(response.body() == "same connection");
}

/// Reads and drops the body of an upload of `length` bytes.
Task<void> drop_body(LocalPeer* peer, std::size_t length) {
  std::size_t dropped = 0;
  while (dropped < length) {
    dropped += peer->take().size();
    if (dropped < length) co_await sleep(1ms);
  }
  CHECK(dropped == length);
}

/// One piece, and the next once somebody has `heard` so many bytes.
Generator<std::string> answered_piece_by_piece(const std::size_t* heard, std::size_t expected) {
  co_yield "ping";
  while (*heard < expected) co_await sleep(1ms);
}

Task<void> hear(StreamResponse* answer, std::size_t* heard, std::size_t expected) {
  while (*heard < expected) {
    const auto piece = co_await answer->read();
    if (!piece) break;
    *heard += piece->size();
  }
}

}  // namespace

TEST_CASE("all that has come by TLS is read while the next piece waits for it", "[upload]") {
  run_test([]() -> Task<void> {
    const TlsTestServer server(own_server());
    LocalListener listener;
    for (const std::size_t burst : {16'000U, 16'384U, 20'000U, 40'000U, 60'000U}) {
      CAPTURE(burst);
      AsyncSession session;
      session.tls(trusting_own());
      std::size_t heard = 0;
      JoinHandle<StreamResponse> request =
          create_task(session.post(listener.url("/", "https", "localhost"))
                          .body(answered_piece_by_piece(&heard, burst))
                          .stream());
      TlsPeer peer(server, co_await listener.accept());
      co_await wait_for(peer.wait_received("ping"), 5s);
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 60001\r\n\r\n");
      StreamResponse answer = co_await wait_for(std::move(request), 5s);
      peer.send(std::string(burst, 'x'));
      co_await wait_for(hear(&answer, &heard, burst), 5s);
      CHECK(heard == burst);
    }
  });
}

TEST_CASE("a refusal with a large head is the answer over TLS, too", "[upload]") {
  run_test([]() -> Task<void> {
    const TlsTestServer server(own_server());
    LocalListener listener;
    AsyncSession session;
    session.tls(trusting_own());
    JoinHandle<Response> request = create_task(
        session.post(listener.url("/", "https", "localhost")).body(std::string(large, 'x')));
    TlsPeer peer(server, co_await listener.accept());
    co_await wait_for(peer.wait_head(), 5s);
    co_await sleep(50ms);  // the buffers between us are full by now
    std::string refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n";
    for (int i = 0; i < 5; ++i) refusal += "X-Long: " + std::string(4000, 'h') + "\r\n";
    peer.send(refusal + "\r\nenough!");
    const Response response = co_await wait_for(std::move(request), 4s);
    CHECK(response.status_code() == 413);
    CHECK(response.body() == "enough!");
  });
}

TEST_CASE("an answer is whole although the server takes no more of the request", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    const std::string answer = "Content-Length: 5\r\n\r\nearly";
    for (const std::string& more : {std::string(), std::string("Connection: close\r\n")}) {
      CAPTURE(more);
      JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
      LocalPeer peer = co_await accept_request(&listener);
      peer.send("HTTP/1.1 200 OK\r\n" + more + answer);
      const Response response = co_await wait_for(std::move(request), more.empty() ? 4s : 800ms);
      CHECK(response.body() == "early");
      co_await peer.wait_ended();
    }
  });
}

TEST_CASE("a refusal that comes while a large body is sent is the answer", "[upload]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* const path : rejections) {
      CAPTURE(path);
      const Response response = co_await session.post(path).body(std::string(large, 'x'));
      CHECK(response.status_code() >= 400);
      CHECK(response.json().at("error") == "rejected");
    }
    const Response next = co_await session.get("/get");
    CHECK(next.ok());
  });
}

TEST_CASE("the same over TLS", "[upload]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().https());
    session.tls(trusting_server());
    for (const char* const path : rejections) {
      CAPTURE(path);
      const Response response = co_await session.post(path).body(std::string(large, 'x'));
      CHECK(response.status_code() >= 400);
      CHECK(response.json().at("error") == "rejected");
    }
    const Response next = co_await session.get("/get");
    CHECK(next.ok());
  });
}

TEST_CASE("a refusal ends a streamed body that would go on for ever", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    std::size_t yielded = 0;
    JoinHandle<Response> request = create_task(session.post("/").body(endless(&yielded)));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n\r\nenough!");
    const Response response = co_await request;
    CHECK(response.status_code() == 413);
    CHECK(response.body() == "enough!");
    CHECK(yielded > 0);
    // The body's end was not sent, so this connection carries nothing any more.
    co_await peer.wait_ended();
  });
}

TEST_CASE("a refusal with which the server closes is still the answer to a streamed body",
          "[upload]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::size_t yielded = 0;
    const Response response =
        co_await session.post("/upload?reject=413&close").body(endless(&yielded));
    CHECK(response.status_code() == 413);
  });
}

TEST_CASE("over TLS, too, a refusal by a server that reads no more of the body is the answer",
          "[upload]") {
  run_test([]() -> Task<void> {
    const TlsTestServer server(own_server());
    LocalListener listener;
    AsyncSession session;
    session.tls(trusting_own());
    const std::string url = listener.url("/", "https", "localhost");
    JoinHandle<Response> request = create_task(session.post(url).body(std::string(large, 'x')));
    TlsPeer peer(server, co_await listener.accept());
    co_await peer.wait_head();
    peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n\r\nenough!");
    const Response response = co_await request;
    CHECK(response.status_code() == 413);
    CHECK(response.body() == "enough!");
    co_await peer.wait_ended();
  });
}

TEST_CASE("interim answers do not stop an upload", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    co_await drop_body(&peer, large);
    peer.send(answer_with("all here"));
    const Response response = co_await request;
    CHECK(response.body() == "all here");
  });
}

TEST_CASE("an interim answer does not hide the refusal that follows it", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    co_await sleep(20ms);  // the client sees the one before the other
    peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Le");
    co_await sleep(20ms);
    peer.send("ngth: 7\r\n\r\nenough!");
    const Response response = co_await request;
    CHECK(response.status_code() == 413);
    CHECK(response.body() == "enough!");
  });
}

TEST_CASE("an answer that is no refusal does not stop an upload", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
    co_await sleep(20ms);  // the client sees it before it can go on
    CHECK_FALSE(request.done());
    co_await drop_body(&peer, large);
    const Response response = co_await request;
    CHECK(response.body() == "early");
    co_await check_kept(&session, &peer);
  });
}

TEST_CASE("a body goes on being sent while its answer is read", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large) + "\r\n\r\n");
    co_await echo_body(&peer, large);
    const Response response = co_await request;
    CHECK(response.body() == std::string(large, 'x'));
    co_await check_kept(&session, &peer);
  });
}

TEST_CASE("a server that takes no more of a body once it has answered is no failure", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
    peer.end_sending();
    const Response response = co_await request;
    CHECK(response.body() == "early");
    co_await peer.wait_ended();
  });
}

TEST_CASE("nor is one that takes no more of a streamed body", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    std::size_t yielded = 0;
    for (const bool waits : {false, true}) {
      JoinHandle<Response> request =
          create_task(session.post("/").body(waits ? paced(&yielded) : endless(&yielded)));
      LocalPeer peer = co_await accept_request(&listener);
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
      co_await sleep(20ms);
      CHECK_FALSE(request.done());
      peer.end_sending();
      const Response response = co_await wait_for(std::move(request), 5s);
      CHECK(response.body() == "early");
      co_await peer.wait_ended();
    }
  });
}

TEST_CASE("a streamed body goes on being sent while its answer is read, by TLS", "[upload]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    session.tls(trusting_server());
    const Response response = co_await session.post(test_server().https("/upload?echo"))
                                  .body(pieces_of(320, 100 * 1024))
                                  .timeout(Timeout().read(5s));
    CHECK(response.body().size() == 320 * 100 * 1024);
  });
}

TEST_CASE("a wrong length that shows after the answer's head is invalid_request", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    bool read = false;
    const auto short_pieces = [](const bool* go_on) -> Generator<std::string> {
      co_yield "one";
      while (!*go_on) co_await sleep(1ms);
    };
    JoinHandle<StreamResponse> request =
        create_task(session.post("/").body(short_pieces(&read), 4).stream());
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
    StreamResponse answer = co_await wait_for(std::move(request), 5s);
    const auto first = co_await answer.read();
    CHECK(first == "early");
    read = true;
    const auto failure = co_await wait_for(failure_of<RequestError>(answer.read()), 5s);
    check_failure(failure, ErrorCode::invalid_request, Phase::send, false);
    co_await peer.wait_ended();
  });
}

TEST_CASE("dropping an answer stops the generator of its request", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    std::size_t yielded = 0;
    JoinHandle<StreamResponse> request =
        create_task(session.post("/").body(endless(&yielded)).stream());
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    { const StreamResponse dropped = co_await wait_for(std::move(request), 5s); }
    const std::size_t then = yielded;
    co_await peer.wait_ended();
    CHECK(yielded == then);
  });
}

TEST_CASE("a generator may drop the request whose body it makes", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request;
    const auto dropping = [](JoinHandle<Response>* own) -> Generator<std::string> {
      co_yield "one";
      co_await sleep(1ms);
      *own = JoinHandle<Response>();
      co_yield "two";
      co_yield "three";
    };
    request = create_task(session.post("/").body(dropping(&request)));
    LocalPeer peer = co_await accept_request(&listener);
    co_await peer.wait_ended();
    CHECK(request.done());
  });
}

TEST_CASE("what the reader does not read holds nothing up but the answer", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<StreamResponse> request =
        create_task(session.post("/").body(std::string(large, 'x')).stream());
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
    StreamResponse answer = co_await wait_for(std::move(request), 5s);
    co_await drop_body(&peer, large);
    const Response whole = co_await answer.buffer();
    CHECK(whole.body() == "early");
    co_await check_kept(&session, &peer);
  });
}

TEST_CASE("a server that ends the connection instead of an answer ends the sending", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    session.default_timeout(Timeout().read(1h));
    JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
    LocalPeer peer = co_await accept_request(&listener);
    peer.end_sending();  // and takes no more
    const auto failure =
        co_await wait_for(failure_of<ConnectionClosedError>(std::move(request)), 5s);
    check_failure(failure, ErrorCode::connection_closed, Phase::send, false);
    co_await peer.wait_ended();
  });
}

TEST_CASE("what a server said before it closed is told, not that sending failed", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
    LocalPeer peer = co_await listener.accept();
    peer.send("nonsense\r\n\r\n");
    peer.close();
    static_cast<void>(co_await failure_of<InvalidResponseError>(std::move(request)));
  });
}

TEST_CASE("a redirect that comes while a body is sent ends the sending there", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(std::string(large, 'x')));
    LocalPeer first = co_await listener.accept();
    static_cast<void>(co_await first.take_head());
    first.send("HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n");
    LocalPeer second = co_await listener.accept();
    const std::string head = co_await second.take_head();
    CHECK(head.substr(0, 12) == "POST /there ");
    co_await drop_body(&second, large);
    second.send(answer_with("here"));
    const Response response = co_await request;
    CHECK(response.body() == "here");
    co_await first.wait_ended();
  });
}

TEST_CASE("a refusal is seen although sending never has to wait", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    std::size_t yielded = 0;
    JoinHandle<Response> request = create_task(session.post("/").body(paced(&yielded)));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 7\r\n\r\nenough!");
    const Response response = co_await request;
    CHECK(response.status_code() == 413);
    CHECK(response.body() == "enough!");
    co_await peer.wait_ended();
  });
}

TEST_CASE("a refusal is seen while the next piece is being made", "[upload]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* rejection : rejections) {
      const Response response = co_await wait_for(session.post(rejection).body(stuck()), 5s);
      CHECK(response.status_code() >= 400);
      CHECK(response.json().at("error") == "rejected");
    }
  });
}

TEST_CASE("a head that comes in parts is seen while the next piece is being made", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(stuck()));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Service");
    co_await sleep(20ms);
    peer.send(" Unavailable\r\nContent-Length: 0\r\n\r\n");
    const Response response = co_await wait_for(request, 5s);
    CHECK(response.status_code() == 503);
    co_await peer.wait_ended();
  });
}

TEST_CASE("a server that goes while the next piece is being made is ConnectionClosedError",
          "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<ConnectionClosedError> request =
        create_task(failure_of<ConnectionClosedError>(session.post("/").body(stuck())));
    { const LocalPeer peer = co_await accept_request(&listener); }
    const ConnectionClosedError failure = co_await wait_for(request, 5s);
    CHECK(failure.code() == ErrorCode::connection_closed);
    CHECK_FALSE(failure.retryable());
  });
}

TEST_CASE("an answer that is no refusal waits for a piece that takes its time", "[upload]") {
  run_test([]() -> Task<void> {
    const auto slow = []() -> Generator<std::string> {
      co_yield "one";
      co_await sleep(1500ms);  // longer than a server may take nothing behind its answer
      co_yield "two";
    };
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<Response> request = create_task(session.post("/").body(slow()));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    const std::string rest = co_await wait_for(peer.take_until("0\r\n\r\n"), 5s);
    CHECK(rest.find("two") != std::string::npos);
    const Response response = co_await wait_for(request, 5s);
    CHECK(response.body() == "ok");
    co_await check_kept(&session, &peer);
  });
}

TEST_CASE("a total ends an upload that never has to wait", "[upload]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const TotalTimeout failure = co_await failure_of<TotalTimeout>(
        session.post("/upload").body(laborious()).timeout(Timeout().total(300ms)));
    check_failure(failure, ErrorCode::total_timeout, Phase::send, false);
  });
}

TEST_CASE("garbage that comes while a body is sent is InvalidResponseError", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<InvalidResponseError> request = create_task(
        failure_of<InvalidResponseError>(session.post("/").body(std::string(large, 'x'))));
    LocalPeer peer = co_await accept_request(&listener);
    peer.send("SSH-2.0-OpenSSH_9.2\r\n");
    const InvalidResponseError failure = co_await request;
    CHECK(failure.code() == ErrorCode::invalid_response);
    CHECK_FALSE(failure.retryable());
    co_await peer.wait_ended();
  });
}

TEST_CASE("a server that resets while a body is sent is ConnectionClosedError", "[upload]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session(listener.url());
    JoinHandle<ConnectionClosedError> request = create_task(
        failure_of<ConnectionClosedError>(session.post("/").body(std::string(large, 'x'))));
    LocalPeer peer = co_await accept_request(&listener);
    peer.reset();
    const ConnectionClosedError failure = co_await request;
    check_failure(failure, ErrorCode::connection_closed, Phase::send, false);
  });
}

TEST_CASE("a server that does not read the body is ReadTimeout while sending", "[upload]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const ReadTimeout failure = co_await failure_of<ReadTimeout>(
        session.post("/upload?stall").body(std::string(large, 'x')).timeout(Timeout().read(200ms)));
    check_failure(failure, ErrorCode::read_timeout, Phase::send, false);
  });
}

TEST_CASE("a large upload arrives whole, plain and by TLS", "[upload]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    session.tls(trusting_server());
    const Response plain =
        co_await session.post(test_server().http("/upload")).body(std::string(large, 'x'));
    CHECK(plain.json().at("bytes") == large);
    const Response secure =
        co_await session.post(test_server().https("/upload")).body(pieces_of(320, 100 * 1024));
    CHECK(secure.json().at("bytes") == 320 * 100 * 1024);
    CHECK(secure.json().at("framing") == "chunked");
  });
}
