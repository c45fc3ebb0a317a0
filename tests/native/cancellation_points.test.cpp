// Cancellation is destruction: wherever a request waits, dropping it closes its socket, leaks
// nothing (AddressSanitizer looks) and leaves the session as good as before.
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <memory>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <utility>

#include "local_peer.hpp"
#include "server_view.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"
#include "test_certificates.hpp"
#include "tls_test_peer.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;
using reqivo::testing::CertificateRequest;
using reqivo::testing::Identity;
using reqivo::testing::TlsTestConnection;
using reqivo::testing::TlsTestServer;

namespace {

std::string gzipped(std::string text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string coded(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(coded.data());
  stream.avail_out = static_cast<uInt>(coded.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  coded.resize(stream.total_out);
  deflateEnd(&stream);
  return coded;
}

std::string in_chunks(const std::string& body, std::size_t size) {
  std::string chunked;
  for (std::size_t at = 0; at < body.size(); at += size) {
    const std::string part = body.substr(at, size);
    std::array<char, 16> length{};
    static_cast<void>(std::snprintf(length.data(), length.size(), "%zx\r\n", part.size()));
    chunked.append(length.data()).append(part).append("\r\n");
  }
  return chunked + "0\r\nX-Trailer: yes\r\n\r\n";
}

const std::string redirect_answer =
    "HTTP/1.1 302 Found\r\nLocation: /final\r\nContent-Length: 12\r\n\r\nredirecting!";

std::string final_answer() {
  return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" +
         in_chunks(gzipped("the text that the client is to see in the end"), 20);
}

/// A request from start to end on a new connection, which does not stay.
Task<void> check_usable(AsyncSession* session, LocalListener* listener) {
  JoinHandle<Response> request =
      create_task(session->get(listener->url("/usable")).header("Connection", "close"));
  LocalPeer peer = co_await listener->accept();
  static_cast<void>(co_await peer.take_head());
  peer.send(answer_with("usable"));
  const Response response = co_await request;
  CHECK(response.body() == "usable");
}

Task<void> settle() {
  for (int i = 0; i < 5; ++i) co_await sleep(0ms);
}

/// Sees to it that something was destroyed.
class Destroyed {
 public:
  explicit Destroyed(bool* flag) noexcept : flag_(flag) {}
  Destroyed(const Destroyed&) = delete;
  Destroyed& operator=(const Destroyed&) = delete;
  ~Destroyed() { *flag_ = true; }

 private:
  bool* flag_;
};

Generator<std::string> stuck_after_one(bool* destroyed) {
  const Destroyed noted(destroyed);
  co_yield std::string("piece");
  co_await sleep(1h);
}

const Identity& authority() {
  static const Identity made = CertificateRequest("Authority").authority().issue(nullptr);
  return made;
}

const Identity& server_identity() {
  static const Identity made =
      CertificateRequest("server").alternative("DNS:localhost").issue(&authority());
  return made;
}

/// The server's side of a TLS connection that sends no more than a number of bytes, and then
/// nothing.
class StingyTlsPeer {
 public:
  StingyTlsPeer(const TlsTestServer& server, LocalPeer peer, std::size_t budget)
      : tls_(server), peer_(std::move(peer)), budget_(budget) {}

  /// Talks until the budget is spent. False: the whole answer went out before that.
  Task<bool> spend() {
    bool answered = false;
    while (budget_ > 0) {
      tls_.feed(peer_.take());
      tls_.advance();
      if (!answered && tls_.received().find("\r\n\r\n") != std::string::npos) {
        tls_.send(answer_with("over TLS"));
        answered = true;
      }
      const std::string output = tls_.take_output();
      const std::string_view allowed = std::string_view(output).substr(0, budget_);
      if (!allowed.empty()) peer_.send(allowed);
      budget_ -= allowed.size();
      if (answered && budget_ > 0) co_return false;
      co_await sleep(0ms);
    }
    co_return true;
  }
  Task<void> wait_ended() { return peer_.wait_ended(); }

 private:
  TlsTestConnection tls_;
  LocalPeer peer_;
  std::size_t budget_;
};

}  // namespace

TEST_CASE("a request dropped while it waits for a connection", "[cancellation]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session;
    Limits limits;
    limits.connections(1);
    session.limits(limits);
    JoinHandle<Response> holder = create_task(session.get(listener.url()));
    LocalPeer peer = co_await listener.accept();
    static_cast<void>(co_await peer.take_head());
    {
      const JoinHandle<Response> waiting = create_task(session.get(listener.url()));
      co_await settle();
    }
    holder.cancel();
    co_await peer.wait_ended();
    co_await check_usable(&session, &listener);
  });
}

TEST_CASE("a request dropped while its name is resolved", "[cancellation]") {
  run_test([]() -> Task<void> {
    // A name that needs a lookup: it is always answered from another thread, so the request waits
    // for it.
    std::array<char, 256> name{};
    REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
    LocalListener listener;
    AsyncSession session;
    const std::size_t before = open_sockets();
    for (int i = 0; i < 20; ++i) {
      const JoinHandle<Response> request =
          create_task(session.get(listener.url("/", "http", name.data())));
      CHECK_FALSE(request.done());
    }
    CHECK(open_sockets() == before);
    co_await check_usable(&session, &listener);
  });
}

TEST_CASE("a session dropped while a name is resolved", "[cancellation]") {
  run_test([]() -> Task<void> {
    std::array<char, 256> name{};
    REQUIRE(::gethostname(name.data(), name.size() - 1) == 0);
    const RefusedPort refused;
    auto session = std::make_unique<AsyncSession>();
    std::string url = "http://";
    url.append(name.data()).append(":").append(std::to_string(refused.port()));
    JoinHandle<ClosedError> request = create_task(failure_of<ClosedError>(session->get(url)));
    session.reset();
    const ClosedError failure = co_await request;
    CHECK(failure.code() == ErrorCode::closed);
  });
}

TEST_CASE("a request dropped while it connects", "[cancellation]") {
  run_test([]() -> Task<void> {
    const Blackhole nowhere;
    LocalListener listener;
    AsyncSession session;
    const std::size_t before = open_sockets();
    {
      const JoinHandle<Response> request = create_task(session.get(nowhere.listener().url()));
      co_await settle();
      CHECK(open_sockets() == before + 1);
    }
    CHECK(open_sockets() == before);
    co_await check_usable(&session, &listener);
  });
}

TEST_CASE("a request dropped after each few bytes of a TLS handshake and its answer",
          "[cancellation]") {
  run_test([]() -> Task<void> {
    const TlsTestServer server(server_identity());
    LocalListener secure;
    LocalListener plain;
    AsyncSession session;
    session.tls(TlsOptions().ca_pem(authority().certificate_pem()));
    bool dropped_midway = true;
    int drops = 0;
    for (std::size_t budget = 0; dropped_midway; budget += 61) {
      JoinHandle<Response> request =
          create_task(session.get(secure.url("/", "https", "localhost")));
      StingyTlsPeer peer(server, co_await secure.accept(), budget);
      dropped_midway = co_await peer.spend();
      if (!dropped_midway) {
        const Response response = co_await request;
        CHECK(response.body() == "over TLS");
        break;
      }
      co_await settle();
      request.cancel();
      co_await peer.wait_ended();
      if (++drops % 8 == 0) co_await check_usable(&session, &plain);
    }
    CHECK(drops > 10);
  });
}

TEST_CASE("a request dropped while it sends its body", "[cancellation]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session;
    const std::string body(32 * 1024 * 1024, 'x');
    const std::size_t before = open_sockets();
    JoinHandle<Response> request = create_task(session.post(listener.url()).body(body));
    LocalPeer peer = co_await listener.accept();
    co_await settle();
    CHECK_FALSE(request.done());
    CHECK(open_sockets() == before + 2);
    request.cancel();
    CHECK(open_sockets() == before + 1);
    co_await peer.wait_ended();
    co_await check_usable(&session, &listener);
  });
}

TEST_CASE("a request dropped while the caller makes the next piece of its body", "[cancellation]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session;
    bool destroyed = false;
    JoinHandle<Response> request =
        create_task(session.post(listener.url()).body(stuck_after_one(&destroyed)));
    LocalPeer peer = co_await listener.accept();
    static_cast<void>(co_await peer.take_until("5\r\npiece\r\n"));
    CHECK_FALSE(destroyed);
    request.cancel();
    CHECK(destroyed);
    co_await peer.wait_ended();
    co_await check_usable(&session, &listener);
  });
}

TEST_CASE("a request dropped after each byte of a redirect, its body, and a coded, chunked answer",
          "[cancellation]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session;
    const std::string answer = redirect_answer + final_answer();
    const std::size_t before = open_sockets();
    for (std::size_t sent = 0; sent < answer.size(); ++sent) {
      CAPTURE(sent);
      JoinHandle<Response> request = create_task(session.get(listener.url()));
      LocalPeer peer = co_await listener.accept();
      static_cast<void>(co_await peer.take_head());
      peer.send(std::string_view(answer).substr(0, std::min(sent, redirect_answer.size())));
      if (sent >= redirect_answer.size()) {
        static_cast<void>(co_await peer.take_until("GET /final HTTP/1.1\r\n"));
        static_cast<void>(co_await peer.take_head());
        const std::string_view rest = std::string_view(answer).substr(0, sent);
        if (sent > redirect_answer.size()) peer.send(rest.substr(redirect_answer.size()));
      }
      co_await settle();
      CHECK_FALSE(request.done());
      CHECK(open_sockets() == before + 2);
      request.cancel();
      CHECK(open_sockets() == before + 1);  // ours is closed at once; the peer is still here
      CHECK(peer.ended());
      peer.close();
      if (sent % 16 == 0) co_await check_usable(&session, &listener);
    }
  });
}

TEST_CASE("a stream dropped after each byte of its answer, read or not", "[cancellation]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    AsyncSession session;
    const std::string answer = final_answer();
    const std::size_t head = answer.rfind("\r\n\r\n", answer.find("chunked") + 20) + 4;
    for (std::size_t sent = head; sent < answer.size(); ++sent) {
      CAPTURE(sent);
      JoinHandle<StreamResponse> opening = create_task(session.get(listener.url()).stream());
      LocalPeer peer = co_await listener.accept();
      static_cast<void>(co_await peer.take_head());
      peer.send(std::string_view(answer).substr(0, sent));
      auto stream = std::make_unique<StreamResponse>(co_await opening);
      if (sent % 2 == 0) {
        Generator<std::string> pieces = stream->iter_content(1000);
        JoinHandle<std::optional<std::string>> reading = create_task(pieces.next());
        co_await settle();
        CHECK_FALSE(reading.done());
        reading.cancel();
      }
      stream.reset();
      CHECK(peer.ended());
      if (sent % 16 == 0) co_await check_usable(&session, &listener);
    }
  });
}

TEST_CASE("a session dropped after each byte of an answer ends its request by ClosedError",
          "[cancellation]") {
  run_test([]() -> Task<void> {
    LocalListener listener;
    const std::string answer = redirect_answer;
    for (std::size_t sent = 0; sent < answer.size(); ++sent) {
      CAPTURE(sent);
      auto session = std::make_unique<AsyncSession>();
      JoinHandle<ClosedError> request =
          create_task(failure_of<ClosedError>(session->get(listener.url())));
      LocalPeer peer = co_await listener.accept();
      static_cast<void>(co_await peer.take_head());
      peer.send(std::string_view(answer).substr(0, sent));
      co_await settle();
      session.reset();
      CHECK(peer.ended());
      const ClosedError failure = co_await request;
      CHECK(failure.code() == ErrorCode::closed);
    }
  });
}

TEST_CASE("a request dropped in any turn of the loop", "[cancellation]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    Limits limits;
    limits.idle_timeout(0s);  // so that the request's end, too, leaves no socket
    session.tls(trusting_server()).limits(limits);
    const std::string target =
        test_server().https("/encoded?coding=gzip,deflate&size=20000&chunked=997");
    const std::string url = test_server().https("/redirect-to");
    const Response whole = co_await session.get(url).param("url", target);
    CHECK(whole.body().size() == 20000);
    const std::size_t before = open_sockets();
    int finished = 0;
    for (int turns = 0; turns < 150; ++turns) {
      {
        const JoinHandle<Response> request = create_task(session.get(url).param("url", target));
        for (int i = 0; i < turns && !request.done(); ++i) {
          co_await sleep(i % 4 == 3 ? 100us : 0us);
        }
        finished += request.done() ? 1 : 0;
      }
      CHECK(open_sockets() == before);
    }
    CHECK(finished < 150);
    const Response again = co_await session.get(url).param("url", target);
    CHECK(again.body() == whole.body());
  });
}

TEST_CASE("a request dropped at any moment of a slow answer is seen to leave by the server",
          "[cancellation]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::string tag = unique_tag();
    for (int i = 0; i < 10; ++i) {
      const JoinHandle<Response> request =
          create_task(session.get(tagged("/slow-head?interval=1", tag)));
      static_cast<void>(co_await wait_started(tag, i + 1));
      co_await sleep(std::chrono::milliseconds(i));
    }
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
    CHECK(record.aborted == 10);
    const Response response = co_await session.get("/get");
    CHECK(response.ok());
  });
}
