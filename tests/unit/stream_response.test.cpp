// Streamed bodies over a scripted transport: the ways to read, who owns the exchange, and how it
// ends.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <reqivo/errors.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "line_splitter.hpp"
#include "support/fake_transport.hpp"
#include "support/manual_loop.hpp"

namespace reqivo {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::FakeServer;
using test::ManualTime;
using Strings = std::vector<std::string>;

/// A session, its server and virtual time; streams from scripted pieces.
class Fixture {
 public:
  Fixture() : session_(std::in_place) { server.serve(*session_); }
  StreamResponse open(const Strings& pieces) {
    auto& answer = server.answer();
    for (const std::string& piece : pieces) answer.body(piece);
    return run(session().get("http://h/").stream());
  }
  [[nodiscard]] AsyncSession& session() { return *session_; }
  void destroy_session() { session_.reset(); }

  ManualTime time;
  FakeServer server;

 private:
  std::optional<AsyncSession> session_;
};

Task<Strings> collect(Generator<std::string> generator) {
  Strings all;
  while (auto piece = co_await generator.next()) all.push_back(std::move(*piece));
  co_return all;
}

Strings lines(const Strings& chunks) {
  detail::LineSplitter splitter;
  Strings found;
  for (const std::string& chunk : chunks) {
    splitter.feed(chunk);
    while (auto line = splitter.next()) found.push_back(*line);
  }
  if (auto last = splitter.finish()) found.push_back(*last);
  return found;
}

TEST_CASE("lines end in LF, CRLF or CR, wherever the text is cut") {
  const std::string text = "one\ntwo\r\n\r\rfour\n\n\rx\r\nend";
  const Strings expected = {"one", "two", "", "", "four", "", "", "x", "end"};
  CHECK(lines({text}) == expected);
  for (std::size_t size = 1; size < text.size(); ++size) {
    INFO("size " << size);
    Strings chunks;
    for (std::size_t at = 0; at < text.size(); at += size) chunks.push_back(text.substr(at, size));
    CHECK(lines(chunks) == expected);
  }
  CHECK(lines({"a\n"}) == Strings{"a"});
  CHECK(lines({"a\r", "\n"}) == Strings{"a"});
  CHECK(lines({}).empty());
  detail::LineSplitter splitter;
  splitter.feed(std::string("a\r"));
  CHECK(splitter.next() == "a");  // without waiting for what follows
}

TEST_CASE("a piece that is used up holds no memory while the next one arrives") {
  detail::RestOfPiece rest(std::string(100'000, 'x'));
  rest.skip(99'999);
  CHECK(rest.view() == "x");
  rest.skip(1);
  CHECK(rest.empty());
  CHECK(rest.bytes.capacity() < 100);
}

TEST_CASE("read gives the pieces as they arrive, and nothing ever after") {
  Fixture f;
  StreamResponse stream = f.open({"one", "two"});
  CHECK(stream.status_code() == 200);
  CHECK(f.server.reads() == 0);  // the reader's pace
  CHECK(run(stream.read()) == "one");
  CHECK(f.server.reads() == 1);
  CHECK(run(stream.read()) == "two");
  CHECK(run(stream.read()) == std::nullopt);
  CHECK(f.server.open() == 0);
  CHECK(run(stream.read()) == std::nullopt);
  CHECK(f.server.aborted() == 0);
}

TEST_CASE("a response without a body streams nothing") {
  Fixture f;
  StreamResponse stream = f.open({});
  CHECK(run(stream.read()) == std::nullopt);
  CHECK(run(stream.buffer()).body().empty());
}

TEST_CASE("iter_content gives exact sizes however the pieces are cut, the last one shorter") {
  Fixture f;
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::to_string(i);
  for (const std::size_t piece : {1U, 7U, 64U, 1000U}) {
    for (const std::size_t size : {1U, 3U, 64U, 190U, 1000U}) {
      INFO(piece << " into " << size);
      Strings pieces;
      for (std::size_t at = 0; at < text.size(); at += piece)
        pieces.push_back(text.substr(at, piece));
      StreamResponse stream = f.open(pieces);
      const Strings chunks = run(collect(stream.iter_content(size)));
      std::string joined;
      for (const std::string& chunk : chunks) joined += chunk;
      CHECK(joined == text);
      REQUIRE(chunks.size() == (text.size() + size - 1) / size);
      for (std::size_t i = 0; i + 1 < chunks.size(); ++i) CHECK(chunks[i].size() == size);
    }
  }
  StreamResponse stream = f.open({"x"});
  CHECK_THROWS_AS(stream.iter_content(0), std::invalid_argument);
}

TEST_CASE("iter_lines gives lines, and fails on one above the limit of buffered bodies") {
  Fixture f;
  CHECK(run(collect(f.open({"a\r", "\nb", "c\n", "d"}).iter_lines())) == Strings{"a", "bc", "d"});
  f.session().limits(Limits().body_size(4));
  CHECK(run(collect(f.open({"1234\n1234\n", "1234"}).iter_lines())).size() == 3);
  CHECK_THROWS_AS(run(collect(f.open({"123", "45\n"}).iter_lines())), InvalidResponseError);
  CHECK_THROWS_AS(run(collect(f.open({"123", "45"}).iter_lines())), InvalidResponseError);
  CHECK(f.server.open() == 0);
}

TEST_CASE("a line above the limit ends the stream, and every later read says so") {
  Fixture f;
  f.session().limits(Limits().body_size(5));
  StreamResponse stream = f.open({"abcde\nabcdef\nx\n"});
  CHECK_THROWS_AS(run(collect(stream.iter_lines())), InvalidResponseError);
  CHECK_THROWS_AS(run(stream.read()), InvalidResponseError);
  CHECK_THROWS_AS(run(collect(stream.iter_lines())), InvalidResponseError);
}

TEST_CASE("what a generator leaves of the body is there for the next reader") {
  Fixture f;
  const auto first_of = [](Generator<std::string> parts) {
    return run(std::move(parts).next()).value_or("none");
  };
  StreamResponse stream = f.open({"h: 1\r\nsecond\nthi", "rd\n12345", "678\r", "\nend"});
  CHECK(first_of(stream.iter_lines()) == "h: 1");
  CHECK(first_of(stream.iter_lines()) == "second");
  CHECK(first_of(stream.iter_content(2)) == "th");
  CHECK(run(stream.read()) == "i");
  CHECK(first_of(stream.iter_lines()) == "rd");
  CHECK(first_of(stream.iter_content(3)) == "123");
  CHECK(first_of(stream.iter_content(4)) == "4567");
  CHECK(run(collect(stream.iter_lines())) == Strings{"8", "end"});
  CHECK_FALSE(run(stream.read()).has_value());
  CHECK(f.server.open() == 0);

  StreamResponse whole = f.open({"a\nb\nc"});
  CHECK(first_of(whole.iter_lines()) == "a");
  CHECK_THROWS_AS(run(whole.buffer()), RequestError);
  CHECK(run(whole.read()) == "b\nc");
}

TEST_CASE("a line end that is cut in two where a reader of lines leaves is left out whole") {
  Fixture f;
  const auto first_line = [](StreamResponse& stream) {
    return run(stream.iter_lines().next()).value_or("none");
  };
  StreamResponse lines = f.open({"a\r", "\nb\r", "\n", "\n\r", "\n\n"});
  CHECK(first_line(lines) == "a");
  CHECK(first_line(lines) == "b");
  CHECK(run(collect(lines.iter_lines())) == Strings{"", "", ""});
  StreamResponse bytes = f.open({"a\r", "\n", "\nbody", "\nend"});
  CHECK(first_line(bytes) == "a");
  CHECK(run(bytes.read()) == "\nbody");
  CHECK(run(bytes.read()) == "\nend");
  StreamResponse lone = f.open({"a\r", "b\r", "\n"});
  CHECK(first_line(lone) == "a");
  CHECK(first_line(lone) == "b");
  CHECK_FALSE(run(lone.read()).has_value());
}

TEST_CASE("a generator that is still there keeps nothing of the body from another reader") {
  Fixture f;
  StreamResponse stream = f.open({"one\ntwo\nthree\n1234", "5678\r", "\nend"});
  Generator<std::string> lines = stream.iter_lines();
  CHECK(run(lines.next()) == "one");
  Generator<std::string> chunks = stream.iter_content(2);
  CHECK(run(chunks.next()) == "tw");
  CHECK(run(lines.next()) == "o");
  CHECK(run(lines.next()) == "three");
  CHECK(run(chunks.next()) == "12");
  CHECK(run(stream.read()) == "34");
  CHECK(run(lines.next()) == "5678");
  CHECK(run(chunks.next()) == "en");
  CHECK(run(stream.read()) == "d");
  CHECK_FALSE(run(lines.next()).has_value());
  CHECK_FALSE(run(chunks.next()).has_value());
  CHECK(f.server.open() == 0);
}

TEST_CASE("buffer gives the whole response once, and only an untouched body") {
  Fixture f;
  StreamResponse stream = f.open({"one", "two"});
  const Response response = run(stream.buffer());
  CHECK(response.body() == "onetwo");
  CHECK(response.status_code() == 200);
  CHECK(response.url() == "http://h/");
  CHECK_THROWS_AS(run(stream.buffer()), RequestError);
  CHECK(run(stream.read()) == std::nullopt);
  StreamResponse begun = f.open({"one", "two"});
  CHECK(run(begun.read()) == "one");
  CHECK_THROWS_AS(run(begun.buffer()), RequestError);
  CHECK(run(begun.read()) == "two");
}

TEST_CASE("a buffered stream's time includes its body") {
  Fixture f;
  f.server.answer().body("one").body(test::Piece("two", 3s));
  const auto scenario = [](AsyncSession& session) -> Task<Response> {
    StreamResponse stream = co_await session.get("http://h/").stream();
    co_return co_await stream.buffer();
  };
  const Response response = run(scenario(f.session()));
  CHECK(response.body() == "onetwo");
  CHECK(response.elapsed() == 3s);
}

TEST_CASE("buffer looks at the total even where the body is at hand, as read does") {
  Fixture f;
  const auto scenario = [](Fixture& fixture) -> Task<void> {
    fixture.server.answer().body("one").body("two");
    StreamResponse stream = co_await fixture.session().get("http://h/").timeout(1s).stream();
    co_await sleep(2s);
    CHECK_THROWS_AS(co_await stream.buffer(), TotalTimeout);
  };
  run(scenario(f));
  CHECK(f.server.open() == 0);
}

TEST_CASE("buffer and buffered requests honour the limit, streaming does not") {
  Fixture f;
  f.session().limits(Limits().body_size(5));
  StreamResponse stream = f.open({"123", "456"});
  CHECK_THROWS_AS(run(stream.buffer()), InvalidResponseError);
  CHECK_THROWS_AS(run(stream.read()), InvalidResponseError);
  CHECK_THROWS_AS(run(stream.buffer()), InvalidResponseError);
  CHECK(f.server.open() == 0);
  CHECK(run(collect(f.open({"123", "456", "789"}).chunks())).size() == 3);
  CHECK(run(f.open({"12345"}).buffer()).body().size() == 5);
}

TEST_CASE("a stream that is dropped before its end is aborted at once") {
  Fixture f;
  StreamResponse stream = f.open({"one", "two"});
  CHECK(run(stream.read()) == "one");
  CHECK(f.server.open() == 1);
  stream = StreamResponse();
  CHECK(f.server.open() == 0);
  CHECK(f.server.aborted() == 1);
  CHECK_THROWS_AS(stream.read(), std::logic_error);
  CHECK_THROWS_AS(stream.iter_content(1), std::logic_error);
  CHECK_THROWS_AS(stream.chunks(), std::logic_error);
  CHECK_THROWS_AS(stream.iter_lines(), std::logic_error);
  CHECK_THROWS_AS(stream.buffer(), std::logic_error);
}

TEST_CASE("generators share the stream, and the last owner ends it") {
  Fixture f;
  std::optional<StreamResponse> stream = f.open({"one", "two", "three"});
  std::optional<Generator<std::string>> chunks = stream->iter_content(2);
  std::optional<Generator<std::string>> unused = stream->iter_lines();
  stream.reset();
  unused.reset();
  const auto next = [](Generator<std::string>& from) -> Task<std::optional<std::string>> {
    co_return co_await from.next();
  };
  CHECK(run(next(*chunks)) == "on");
  CHECK(f.server.aborted() == 0);
  chunks.reset();
  CHECK(f.server.aborted() == 1);
  CHECK(f.server.open() == 0);
}

TEST_CASE("a read that is pending when its stream goes throws ClosedError") {
  Fixture f;
  const auto scenario = [](Fixture& fixture) -> Task<void> {
    fixture.server.answer().body(test::Piece("late", 1h));
    std::optional<StreamResponse> stream = co_await fixture.session().get("http://h/").stream();
    auto reading = create_task(stream->read());
    stream.reset();
    CHECK(fixture.server.open() == 0);
    CHECK_THROWS_AS(co_await reading, ClosedError);
  };
  run(scenario(f));
  CHECK(f.time.passed() == 0ms);
}

TEST_CASE("buffer keeps the stream alive by itself") {
  Fixture f;
  std::optional<StreamResponse> stream = f.open({"one", "two"});
  Task<Response> buffering = stream->buffer();
  stream.reset();
  CHECK(run(std::move(buffering)).body() == "onetwo");
}

TEST_CASE("destroying the session ends its streams with ClosedError, idle and reading ones") {
  Fixture f;
  const auto scenario = [](Fixture& fixture) -> Task<void> {
    fixture.server.answer().body("one").body("two");
    StreamResponse idle = co_await fixture.session().get("http://h/").stream();
    fixture.server.answer().body(test::Piece("late", 1h));
    StreamResponse read = co_await fixture.session().get("http://h/").stream();
    fixture.server.answer().body("all");
    StreamResponse finished = co_await fixture.session().get("http://h/").stream();
    auto piece = co_await finished.read();
    piece = co_await finished.read();
    auto reading = create_task(read.read());
    fixture.destroy_session();
    CHECK(fixture.server.open() == 0);
    CHECK(fixture.server.transports_alive() == 0);
    CHECK_THROWS_AS(co_await reading, ClosedError);
    CHECK_THROWS_AS(co_await idle.read(), ClosedError);
    CHECK_THROWS_AS(co_await idle.buffer(), ClosedError);
    piece = co_await finished.read();
    CHECK_FALSE(piece);
  };
  run(scenario(f));
}

TEST_CASE("what a read throws, later reads throw again") {
  Fixture f;
  f.server.answer()
      .body("one")
      .body(detail::Failure(ErrorCode::connection_closed, Phase::body, "cut"))
      .body("never");
  StreamResponse stream = run(f.session().get("http://user:pw@h/p?secret").stream());
  CHECK(run(stream.read()) == "one");
  CHECK_THROWS_AS(run(stream.read()), ConnectionClosedError);
  CHECK(f.server.open() == 0);
  try {
    run(stream.read());
    FAIL("no failure");
  } catch (const ConnectionClosedError& error) {
    CHECK(error.url() == "http://h/p");
    CHECK(error.method() == "GET");
    CHECK(error.phase() == Phase::body);
  }
}

TEST_CASE("two reads at the same time are refused, and the first goes on") {
  Fixture f;
  const auto scenario = [](Fixture& fixture) -> Task<void> {
    fixture.server.answer().body(test::Piece("slow", 1s));
    StreamResponse stream = co_await fixture.session().get("http://h/").stream();
    auto reading = create_task(stream.read());
    CHECK_THROWS_AS(co_await stream.read(), RequestError);
    const auto piece = co_await reading;
    CHECK(piece == "slow");
  };
  run(scenario(f));
}

TEST_CASE("giving up a read aborts the exchange") {
  Fixture f;
  f.server.answer().body(test::Piece("slow", 3s)).body("more");
  StreamResponse stream = run(f.session().get("http://h/").stream());
  CHECK_THROWS_AS(run(wait_for(stream.read(), 1s)), WaitTimeoutError);
  CHECK(f.server.open() == 0);
  CHECK_THROWS_AS(run(stream.read()), ClosedError);
}

TEST_CASE("a stream that was ended twice tells the first reason") {
  Fixture f;
  const auto scenario = [](Fixture& fixture) -> Task<void> {
    fixture.server.answer().body(test::Piece("late", 1h));
    StreamResponse stream = co_await fixture.session().get("http://h/").stream();
    auto reading = create_task(stream.read());
    fixture.destroy_session();
    reading.cancel();
    try {
      static_cast<void>(co_await stream.read());
      FAIL_CHECK("nothing thrown");
    } catch (const ClosedError& error) {
      CHECK_THAT(error.what(), ContainsSubstring("the session was destroyed"));
    }
  };
  run(scenario(f));
}

TEST_CASE("opening a stream that is given up before its head leaves nothing behind") {
  Fixture f;
  f.server.answer().before_head(2s).body("x");
  CHECK_THROWS_AS(run(wait_for(f.session().get("http://h/").stream(), 1s)), WaitTimeoutError);
  CHECK(f.server.open() == 0);
  run(f.session().close());
}

TEST_CASE("a stream's reader may pause longer than the read limit, the sender may not") {
  Fixture f;
  const auto scenario = [](Fixture& fixture) -> Task<void> {
    fixture.server.answer().body("one").body(test::Piece("two", 1s)).body(test::Piece("three", 6s));
    StreamResponse stream = co_await fixture.session().get("http://h/").stream();
    auto piece = co_await stream.read();
    co_await sleep(1h);
    piece = co_await stream.read();
    CHECK(piece == "two");
    co_await sleep(1h);
    CHECK_THROWS_AS(co_await stream.read(), ReadTimeout);
    CHECK_THROWS_AS(co_await stream.read(), ReadTimeout);
  };
  run(scenario(f));
  CHECK(f.server.open() == 0);
}

TEST_CASE("the total limit runs on while a stream is read") {
  Fixture f;
  const auto scenario = [](Fixture& fixture) -> Task<void> {
    auto& answer = fixture.server.answer();
    for (int i = 0; i < 10; ++i) answer.body(test::Piece("x", 1s));
    StreamResponse stream = co_await fixture.session().get("http://h/").timeout(3500ms).stream();
    int pieces = 0;
    try {
      while (auto piece = co_await stream.read()) ++pieces;
      FAIL_CHECK("the stream came to its end");
    } catch (const TotalTimeout&) {
      CHECK(pieces == 3);
    }
    CHECK(fixture.server.open() == 0);
  };
  run(scenario(f));
  CHECK(f.time.passed() == 3500ms);
}

}  // namespace
}  // namespace reqivo
