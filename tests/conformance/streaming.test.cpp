#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// More than two sockets' buffers and a browser's own can hold.
/// Of the sockets on both sides, and Chromium's own of 64 MiB.
constexpr std::uint64_t more_than_buffers = 96u * 1024 * 1024;
constexpr std::string_view endless = "/big/4294967296";

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "|";
  return all;
}

/// The lines of a streamed body that is sent in writes of `slice` bytes.
Task<std::string> lines_of(std::string body, std::string_view content_length_or_chunks) {
  AsyncSession session;
  RawScript script;
  script.answer("HTTP/1.1 200 OK", content_length_or_chunks, body);
  StreamResponse stream = co_await session.get(script.url()).stream();
  const std::vector<std::string> lines = co_await all_of(stream.iter_lines());
  co_return joined(lines);
}

}  // namespace

TEST_CASE("stream gives the head before the body is there", "[streaming]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get(tagged("/stall-body?bytes=10", tag)).stream();
    CHECK(stream.status_code() == 200);
    CHECK(stream.ok());
    CHECK(stream.headers().get("Content-Length") == "1010");
    const std::optional<std::string> first = co_await stream.read();
    REQUIRE(first.has_value());
    CHECK(first->find_first_not_of('x') == std::string::npos);
    const TagRecord record = co_await tag_record(tag);
    CHECK(record.finished == 0);
  });
}

TEST_CASE("read gives bytes as they arrive, then nullopt ever after", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream =
        co_await session.get("/stream-bytes/50000?seed=6&chunk_size=999").stream();
    std::string body;
    while (std::optional<std::string> piece = co_await stream.read()) {
      CHECK_FALSE(piece->empty());
      body += *piece;
    }
    CHECK(body == seeded_bytes(50000, 6));
    const std::optional<std::string> after = co_await stream.read();
    CHECK_FALSE(after.has_value());
  });
}

TEST_CASE("a piece is handed out before the next one is sent", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/drip?numbytes=3&duration=0.15").stream();
    int pieces = 0;
    while (co_await stream.read()) ++pieces;
    CHECK(pieces >= 2);
  });
}

TEST_CASE("chunks gives the body in pieces as they arrive", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/bytes/100000?seed=2").stream();
    const std::vector<std::string> pieces = co_await all_of(stream.chunks());
    std::string body;
    for (const std::string& piece : pieces) body += piece;
    CHECK(body == seeded_bytes(100000, 2));
  });
}

TEST_CASE("iter_content gives chunks of exactly that size, the last one the rest", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const std::string_view path :
         {"/bytes/10000?seed=7", "/stream-bytes/10000?seed=7&chunk_size=100",
          "/stream-bytes/10000?seed=7&chunk_size=257"}) {
      CAPTURE(path);
      StreamResponse stream = co_await session.get(path).stream();
      auto chunks = stream.iter_content(256);
      std::string body;
      std::size_t count = 0;
      while (std::optional<std::string> chunk = co_await chunks.next()) {
        ++count;
        CHECK(chunk->size() == (count <= 39 ? 256u : 16u));
        body += *chunk;
      }
      CHECK(count == 40);
      CHECK(body == seeded_bytes(10000, 7));
    }
  });
}

TEST_CASE("iter_content of a multiple of the size has no empty end, and of nothing no chunk",
          "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse even = co_await session.get("/bytes/1024?seed=7").stream();
    const std::vector<std::string> four = co_await all_of(even.iter_content(256));
    CHECK(four.size() == 4);
    StreamResponse empty = co_await session.get("/bytes/0").stream();
    const std::vector<std::string> none = co_await all_of(empty.iter_content(256));
    CHECK(none.empty());
    StreamResponse large = co_await session.get("/bytes/5000?seed=7").stream();
    const std::vector<std::string> one = co_await all_of(large.iter_content(1'000'000));
    REQUIRE(one.size() == 1);
    CHECK(one[0] == seeded_bytes(5000, 7));
    StreamResponse refused = co_await session.get("/bytes/1").stream();
    CHECK_THROWS_AS(refused.iter_content(0), std::invalid_argument);
  });
}

TEST_CASE("iter_lines gives lines without what ends them, wherever the body is cut",
          "[streaming]") {
  run_test([]() -> Task<void> {
    const std::string body = "a\nbc\r\n\r\nd\re";
    const std::string whole = co_await lines_of(body, "Content-Length: 11\r\n");
    CHECK(whole == "a|bc||d|e|");
    std::string chunks;
    for (const char byte : body) chunks += std::string("1\r\n") + byte + "\r\n";
    const std::string cut =
        co_await lines_of(chunks + "0\r\n\r\n", "Transfer-Encoding: chunked\r\n");
    CHECK(cut == "a|bc||d|e|");
    const std::string ended = co_await lines_of("a\n\nb\n", "Content-Length: 5\r\n");
    CHECK(ended == "a||b|");
    const std::string empty = co_await lines_of("", "Content-Length: 0\r\n");
    CHECK(empty.empty());
  });
}

TEST_CASE("a line comes out as soon as its end is there", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    RawScript script;
    script.answer("HTTP/1.1 200 OK", "Content-Length: 1000\r\n", "first\nsecond\nthi").stall();
    StreamResponse stream = co_await session.get(script.url()).stream();
    auto lines = stream.iter_lines();
    const std::optional<std::string> first = co_await lines.next();
    CHECK(first == "first");
    const std::optional<std::string> second = co_await lines.next();
    CHECK(second == "second");
  });
}

TEST_CASE("a line longer than body_size is limit_exceeded", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    session.limits(Limits().body_size(10'000));
    StreamResponse stream = co_await session.get("/big/10000000").stream();
    const auto failure = co_await failure_of<InvalidResponseError>(all_of(stream.iter_lines()));
    check_failure(failure, ErrorCode::limit_exceeded, Phase::body, false);
  });
}

TEST_CASE("buffer makes a stream a response", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/bytes/70000?seed=3").stream();
    const Response whole = co_await stream.buffer();
    CHECK(whole.status_code() == 200);
    CHECK(whole.url() == test_server().http("/bytes/70000?seed=3"));
    CHECK(whole.headers().get("Content-Length") == "70000");
    CHECK(whole.body() == seeded_bytes(70000, 3));
  });
}

TEST_CASE("a body that was read is not read twice", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse begun = co_await session.get("/bytes/100").stream();
    static_cast<void>(co_await begun.read());
    const RequestError half_read = co_await failure_of<RequestError>(begun.buffer());
    check_failure(half_read, ErrorCode::invalid_request, Phase::none, false);
    CHECK(half_read.url() == test_server().http("/bytes/100"));
    StreamResponse buffered = co_await session.get("/bytes/100").stream();
    static_cast<void>(co_await buffered.buffer());
    const RequestError whole_read = co_await failure_of<RequestError>(buffered.buffer());
    check_failure(whole_read, ErrorCode::invalid_request, Phase::none, false);
    const std::optional<std::string> after = co_await buffered.read();
    CHECK_FALSE(after.has_value());
  });
}

TEST_CASE("two reads at the same time are refused", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/stall-body?bytes=1").stream();
    static_cast<void>(co_await stream.read());
    auto reading = create_task(stream.read());
    const RequestError refused = co_await failure_of<RequestError>(stream.read());
    check_failure(refused, ErrorCode::invalid_request, Phase::none, false);
    CHECK_FALSE(reading.done());
  });
}

TEST_CASE("a stream that holds no body refuses to be read", "[streaming]") {
  run_test([]() -> Task<void> {
    StreamResponse none;
    bool refused = false;
    try {
      static_cast<void>(co_await none.read());
    } catch (const std::logic_error&) {
      refused = true;
    }
    CHECK(refused);
  });
}

TEST_CASE("a slow reader holds the sender back", "[streaming]") {
  skip_on("firefox", "takes in a body as fast as it comes, read or not");
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get(tagged(endless, tag)).stream();
    static_cast<void>(co_await stream.read());
    co_await sleep(300ms);
    const TagRecord idle = co_await tag_record(tag);
    CHECK(idle.bytes_written < more_than_buffers);
    std::uint64_t read = 0;
    while (read < more_than_buffers) read += (co_await stream.read()).value().size();
    co_await sleep(100ms);
    const TagRecord after = co_await tag_record(tag);
    CHECK(after.bytes_written >= read);
    CHECK(after.bytes_written < read + more_than_buffers);
    CHECK(after.finished == 0);
  });
}

TEST_CASE("64 MiB are streamed with nothing lost", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse by_length = co_await session.get("/big/67108864").stream();
    const std::uint64_t length = co_await length_of_rest(std::move(by_length));
    CHECK(length == 67108864u);
    StreamResponse by_chunks = co_await session.get("/big-chunked/16777217").stream();
    const std::uint64_t chunked = co_await length_of_rest(std::move(by_chunks));
    CHECK(chunked == 16777217u);
  });
}

TEST_CASE("dropping a stream before its end closes the connection", "[streaming]") {
  run_test([]() -> Task<void> {
    const std::string unread = unique_tag();
    const std::string begun = unique_tag();
    AsyncSession session(test_server().http());
    { const StreamResponse dropped = co_await session.get(tagged(endless, unread)).stream(); }
    const TagRecord never_read = co_await wait_closed(unread);
    CHECK(never_read.closed);
    CHECK(never_read.aborted == 1);
    {
      StreamResponse dropped = co_await session.get(tagged(endless, begun)).stream();
      static_cast<void>(co_await dropped.read());
    }
    const TagRecord read_once = co_await wait_closed(begun);
    CHECK(read_once.closed);
    CHECK(read_once.aborted == 1);
    const Response after = co_await session.get("/get");
    CHECK(after.ok());
  });
}

TEST_CASE("the generators of a stream keep it open, and the last one closes it", "[streaming]") {
  run_test([]() -> Task<void> {
    const std::string tag = unique_tag();
    AsyncSession session(test_server().http());
    {
      Generator<std::string> chunks;
      {
        StreamResponse stream = co_await session.get(tagged(endless, tag)).stream();
        chunks = stream.iter_content(256);
      }
      const std::optional<std::string> chunk = co_await chunks.next();
      CHECK(chunk.value().size() == 256);
    }
    const TagRecord record = co_await wait_closed(tag);
    CHECK(record.closed);
  });
}

TEST_CASE("what a read failed with, the next one fails with too", "[streaming]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    StreamResponse stream = co_await session.get("/reset-after/100?how=fin").stream();
    const auto first = co_await network_failure_of<ConnectionClosedError>(all_of(stream.chunks()));
    check_network_failure(first, ErrorCode::connection_closed, Phase::body, false);
    const auto again = co_await network_failure_of<ConnectionClosedError>(stream.read());
    check_network_failure(again, ErrorCode::connection_closed, Phase::body, false);
  });
}
