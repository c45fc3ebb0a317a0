// The blocking session over a scripted transport.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <iterator>
#include <reqivo/client.hpp>
#include <reqivo/errors.hpp>
#include <reqivo/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/fake_transport.hpp"
#include "support/manual_loop.hpp"

namespace reqivo {
namespace {

using namespace std::chrono_literals;
using test::FakeServer;
using test::ManualTime;
using Strings = std::vector<std::string>;

class Fixture {
 public:
  Fixture() { server.serve(session); }
  BlockingRequestBuilder get() {
    server.answer().body("ab\nc").body("d\r\nef");
    return session.get("http://h/");
  }
  ManualTime time;
  FakeServer server;
  Session session;
};

TEST_CASE("send blocks for the whole response") {
  Fixture f;
  f.server.answer(201).before_head(1s).body(test::Piece("{\"a\":1}", 2s));
  const Response response = f.session.post("http://h/").header("X", "y").timeout(5s).send();
  CHECK(response.status_code() == 201);
  CHECK(response.json().at("a") == 1);
  CHECK(f.time.passed() == 3s);
  CHECK(f.server.last().method == "POST");
}

TEST_CASE("a stream's ranges work in a for loop over temporaries") {
  Fixture f;
  Strings chunks;
  for (auto& chunk : f.get().stream().iter_content(3)) chunks.push_back(std::move(chunk));
  CHECK(chunks == Strings{"ab\n", "cd\r", "\nef"});
  Strings lines;
  for (const auto& line : f.get().stream().iter_lines()) lines.push_back(line);
  CHECK(lines == Strings{"ab", "cd", "ef"});
  Strings pieces;
  for (std::string& piece : f.get().stream().chunks()) pieces.push_back(piece);
  CHECK(pieces == Strings{"ab\nc", "d\r\nef"});
  CHECK(f.server.open() == 0);
  CHECK(f.server.aborted() == 0);
}

TEST_CASE("leaving the loop early aborts the stream") {
  Fixture f;
  for (auto& chunk : f.get().stream().iter_content(1)) {
    CHECK(chunk == "a");
    break;
  }
  CHECK(f.server.open() == 0);
  CHECK(f.server.aborted() == 1);
}

TEST_CASE("read and buffer block too, and the head is there at once") {
  Fixture f;
  BlockingStreamResponse stream = f.get().stream();
  CHECK(stream.status_code() == 200);
  CHECK(stream.url() == "http://h/");
  CHECK(stream.read() == "ab\nc");
  CHECK(stream.read() == "d\r\nef");
  CHECK(stream.read() == std::nullopt);
  CHECK(f.get().stream().buffer().body() == "ab\ncd\r\nef");
  CHECK_THROWS_AS(BlockingStreamResponse().read(), std::logic_error);
}

TEST_CASE("an empty body gives a range of nothing") {
  Fixture f;
  int chunks = 0;
  for (const auto& chunk : f.session.get("http://h/").stream().iter_content(3)) {
    chunks += static_cast<int>(chunk.size()) + 1;
  }
  CHECK(chunks == 0);
}

TEST_CASE("an iterator over the pieces of nothing is at its end") {
  CHECK(detail::BlockingPieces::Iterator() == std::default_sentinel);
}

TEST_CASE("failures while iterating are thrown from the loop") {
  Fixture f;
  f.server.answer().body("a").body(
      detail::Failure(ErrorCode::connection_closed, Phase::body, "cut"));
  Strings chunks;
  const auto iterate = [&] {
    for (auto& chunk : f.session.get("http://h/").stream().iter_content(1)) chunks.push_back(chunk);
  };
  CHECK_THROWS_AS(iterate(), ConnectionClosedError);
  CHECK(chunks == Strings{"a"});
}

TEST_CASE("blocking inside a coroutine is a logic error that sends nothing") {
  Fixture f;
  const auto program = [](Session& session) -> Task<void> {
    CHECK_THROWS_AS(session.get("http://h/").send(), std::logic_error);
    CHECK_THROWS_AS(session.get("http://h/").stream(), std::logic_error);
    CHECK_THROWS_AS(session.close(), std::logic_error);
    co_return;
  };
  run(program(f.session));
  CHECK(f.server.sent().empty());
}

TEST_CASE("a builder that is not sent does nothing, and one that is is used up") {
  Fixture f;
  { const auto builder = f.session.get("http://h/"); }
  CHECK(f.server.sent().empty());
  BlockingRequestBuilder builder = f.session.get("http://h/");
  builder.header("X", "1");
  CHECK(builder.send().ok());
  CHECK_THROWS_AS(builder.send(), std::logic_error);
}

TEST_CASE("close ends a blocking session") {
  Fixture f;
  f.session.close();
  f.session.close();
  CHECK_THROWS_AS(f.session.get("http://h/").send(), ClosedError);
  Session moved(std::move(f.session));
  CHECK_THROWS_AS(f.session.close(), ClosedError);
}

}  // namespace
}  // namespace reqivo
