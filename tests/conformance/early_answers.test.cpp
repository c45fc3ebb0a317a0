// Answers that come before the body of their request has been sent.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// What is said and heard in turn; each waits for the other.
struct Talk {
  std::string heard;
};

/// Says the next word once the last has come back.
Generator<std::string> words(Talk* talk) {
  for (const char* word : {"one ", "two ", "three "}) {
    const std::string expected = talk->heard + word;
    co_yield word;
    while (talk->heard != expected) co_await sleep(1ms);
  }
}

/// As many pieces, with a wait before each.
Generator<std::string> slow_pieces(int count) {
  for (int i = 0; i < count; ++i) {
    co_await sleep(20ms);
    co_yield std::string(20'000, 's');
  }
}

Generator<std::string> failing_after(Talk* talk) {
  co_yield "first";
  while (talk->heard.empty()) co_await sleep(1ms);
  throw std::domain_error("the source is gone");
}

Task<void> read_all(StreamResponse* answer, Talk* talk) {
  while (const auto piece = co_await answer->read()) talk->heard += *piece;
}

}  // namespace

TEST_CASE("more than any buffer holds is sent and comes back at once", "[bodies]") {
  require(capabilities().streamed_upload, "streamed_upload");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse answer =
        co_await session.post("/upload?echo").body(pieces_of(640, 100'000)).stream();
    std::size_t received = 0;
    while (const auto piece = co_await answer.read()) received += piece->size();
    CHECK(received == 64'000'000);
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("an answer is heard while its request is still being said", "[bodies]") {
  require(capabilities().streamed_upload, "streamed_upload");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    Talk talk;
    StreamResponse answer = co_await session.post("/upload?echo").body(words(&talk)).stream();
    co_await wait_for(read_all(&answer, &talk), 5s);
    CHECK(talk.heard == "one two three ");
  });
}

TEST_CASE("what the generator throws after the answer's head is thrown to who reads", "[bodies]") {
  require(capabilities().streamed_upload, "streamed_upload");
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    Talk talk;
    StreamResponse answer =
        co_await session.post(tagged("/upload?echo", tag)).body(failing_after(&talk)).stream();
    const auto thrown = co_await failure_of<std::domain_error>(read_all(&answer, &talk));
    CHECK(talk.heard == "first");
    CHECK(std::string(thrown.what()) == "the source is gone");
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.finished == 0);
    static_cast<void>(co_await failure_of<ClosedError>(answer.read()));
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("an answer that is complete before its request has been sent is the response",
          "[bodies]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* const path : {"/upload?reject=200", "/upload?reject=200&close"}) {
      CAPTURE(path);
      const Response response = co_await wait_for(session.post(path).body(slow_pieces(10)), 5s);
      CHECK(response.status_code() == 200);
      CHECK(response.json().at("error") == "rejected");
    }
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("an answer that comes before the body has been sent is the response", "[bodies]") {
  require(capabilities().streamed_upload, "streamed_upload");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    const std::string large(8 * 1024 * 1024, 'x');
    const Response buffered = co_await session.post("/upload?reject=413").body(large);
    CHECK(buffered.status_code() == 413);
    const Response streamed =
        co_await session.post("/upload?reject=403").body(pieces_of(80, 100'000));
    CHECK(streamed.status_code() == 403);
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}
