// Bounds on what a peer can make us hold, and that a stream holds next to nothing.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>

#include "server_view.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t mib = 1024 * 1024;

/// An answer whose head has exactly so many bytes, from the status line to the empty line.
std::string url_of_head(std::size_t size) {
  const std::string_view begin = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Padding: ";
  const std::string_view end = "\r\n\r\n";
  std::string head(begin);
  head.append(size - begin.size() - end.size(), 'x').append(end);
  return RawScript().send(head).url();
}

std::string url_of_fields(std::size_t count) {
  std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
  for (std::size_t i = 1; i < count; ++i)
    head.append("X-Field: ").append(std::to_string(i)).append("\r\n");
  return RawScript().send(head + "\r\n").url();
}

void check_over_limit(const InvalidResponseError& failure, Phase phase) {
  check_failure(failure, ErrorCode::limit_exceeded, phase, false);
}

/// What the process held at most, beyond what it held before, while it read a stream.
struct Streamed {
  Streamed() = default;
  std::uint64_t length = 0;
  std::size_t growth_kib = 0;
};

Task<Streamed> stream_all(AsyncSession* session, std::string url) {
  ::malloc_trim(0);  // what earlier tests left would hide growth
  const std::size_t before = resident_kib();
  Streamed streamed;
  std::size_t highest = before;
  StreamResponse stream = co_await session->get(url).stream();
  std::uint64_t next_look = 0;
  while (auto piece = co_await stream.read()) {
    streamed.length += piece->size();
    if (streamed.length < next_look) continue;
    highest = std::max(highest, resident_kib());
    next_look = streamed.length + 16 * mib;
  }
  streamed.growth_kib = std::max(highest, resident_kib()) - before;
  co_return streamed;
}

Generator<std::string> counted_pieces(std::size_t* yielded, std::size_t size) {
  for (;;) {
    ++*yielded;
    co_yield std::string(size, 'p');
  }
}

constexpr std::array<const char*, 2> bodies_of_1000 = {"/bytes/1000", "/stream-bytes/1000"};
constexpr std::array<const char*, 2> bodies_of_100_million = {"/big/100000000",
                                                              "/bomb?mib=100&coding=gzip"};
constexpr std::array<const char*, 2> bodies_of_1001 = {"/bytes/1001", "/stream-bytes/1001"};

}  // namespace

TEST_CASE("a head may be as large as head_size, and no larger", "[limits]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    Limits limits;
    limits.head_size(1000);
    session.limits(limits);
    const std::string fitting = url_of_head(1000);
    const Response response = co_await session.get(fitting);
    CHECK(response.ok());
    const std::string larger = url_of_head(1001);
    const InvalidResponseError failure =
        co_await failure_of<InvalidResponseError>(session.get(larger));
    check_over_limit(failure, Phase::head);
  });
}

TEST_CASE("by default a head of 64 KiB is read and one of 1 MiB refused", "[limits]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().raw());
    const InvalidResponseError failure =
        co_await failure_of<InvalidResponseError>(session.get("/huge-header"));
    check_over_limit(failure, Phase::head);
    Limits none;
    none.head_size(std::nullopt);
    session.limits(none);
    const Response response = co_await session.get("/huge-header");
    CHECK(response.ok());
  });
}

TEST_CASE("a head may have as many fields as header_count, and no more", "[limits]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    const std::string most = url_of_fields(256);
    const Response response = co_await session.get(most);
    CHECK(response.headers().size() == 256);
    const std::string too_many = url_of_fields(257);
    const InvalidResponseError failure =
        co_await failure_of<InvalidResponseError>(session.get(too_many));
    check_over_limit(failure, Phase::head);

    Limits none;
    none.header_count(std::nullopt).head_size(std::nullopt);
    session.limits(none);
    const Response many = co_await session.get(test_server().raw("/many-headers"));
    CHECK(many.headers().size() >= 10000);
  });
}

TEST_CASE("a buffered body may be as large as body_size, and no larger", "[limits]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    Limits limits;
    limits.body_size(1000);
    session.limits(limits);
    for (const char* const path : bodies_of_1000) {
      CAPTURE(path);
      const Response response = co_await session.get(path);
      CHECK(response.body().size() == 1000);
    }
    for (const char* const path : bodies_of_1001) {
      CAPTURE(path);
      const InvalidResponseError failure =
          co_await failure_of<InvalidResponseError>(session.get(path));
      check_over_limit(failure, Phase::body);
    }
    StreamResponse stream = co_await session.get("/bytes/50000").stream();
    const std::uint64_t length = co_await length_of_rest(std::move(stream));
    CHECK(length == 50000);
  });
}

TEST_CASE("body_size counts decoded bytes: a bomb is stopped while it unfolds", "[limits]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    Limits limits;
    limits.body_size(mib);
    session.limits(limits);
    ::malloc_trim(0);
    const std::size_t before = resident_kib();
    const InvalidResponseError failure =
        co_await failure_of<InvalidResponseError>(session.get("/bomb?mib=100&coding=gzip"));
    check_over_limit(failure, Phase::body);
    if (!under_sanitizer()) CHECK(resident_kib() < before + 16 * 1024);
  });
}

TEST_CASE("others have their turn while a large body is buffered, decoded or not", "[limits]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    for (const char* const path : bodies_of_100_million) {
      CAPTURE(path);
      int turns = 0;
      const auto take_turns = [](int* taken) -> Task<void> {
        for (;;) {
          co_await sleep(0ms);
          ++*taken;
        }
      };
      const auto other = create_task(take_turns(&turns));
      const Response response = co_await session.get(path);
      CHECK(response.body().size() >= 100'000'000);
      CHECK(turns > 20);
    }
  });
}

TEST_CASE("streaming 1 GiB stays under 32 MiB of memory, plain and by TLS", "[limits][memory]") {
  run_test([]() -> Task<void> {
    const std::uint64_t length = under_sanitizer() ? 64 * mib : 1024 * mib;
    const std::string path = "/big/" + std::to_string(length);
    AsyncSession session;
    session.tls(trusting_server());
    const Streamed plain = co_await stream_all(&session, test_server().http(path));
    CHECK(plain.length == length);
    const Streamed secure = co_await stream_all(&session, test_server().https(path));
    CHECK(secure.length == length);
    INFO("memory grew by " << plain.growth_kib << " KiB plain, " << secure.growth_kib
                           << " KiB by TLS");
    if (!under_sanitizer()) {
      CHECK(plain.growth_kib < 32 * 1024);
      CHECK(secure.growth_kib < 32 * 1024);
    }
  });
}

TEST_CASE("a slow reader holds the sender back", "[limits][memory]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    session.tls(trusting_server());
    for (const bool secure : std::array<bool, 2>({false, true})) {
      CAPTURE(secure);
      const std::string tag = unique_tag();
      const std::string path = tagged("/big/1000000000", tag);
      std::string url = test_server().http(path);
      if (secure) url = test_server().https(path);
      ::malloc_trim(0);
      const std::size_t before = resident_kib();
      StreamResponse stream = co_await session.get(url).stream();
      const auto piece = co_await stream.read();
      CHECK(piece.has_value());
      co_await sleep(300ms);
      const TagRecord record = co_await tag_record(tag);
      CHECK(record.bytes_written < 24 * mib);  // what the kernel's two buffers hold
      if (!under_sanitizer()) CHECK(resident_kib() < before + 4 * 1024);
    }
  });
}

TEST_CASE("a large body is not held in memory a second time while TLS sends it",
          "[limits][memory]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().https());
    session.tls(trusting_server());
    std::string body(64 * mib, 'x');
    ::malloc_trim(0);
    const std::size_t before = resident_kib();
    const std::string tag = unique_tag();
    const JoinHandle<Response> request =
        create_task(session.post(tagged("/upload?stall", tag)).body(std::move(body)));
    const TagRecord record = co_await wait_started(tag, 1);  // its head comes first
    CHECK(record.finished == 0);
    co_await sleep(300ms);
    if (!under_sanitizer()) CHECK(resident_kib() < before + 16 * 1024);
  });
}

TEST_CASE("a slow server holds the maker of a streamed body back", "[limits][memory]") {
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    std::size_t yielded = 0;
    const JoinHandle<Response> request =
        create_task(session.post("/upload?stall").body(counted_pieces(&yielded, 64 * 1024)));
    co_await sleep(300ms);
    CHECK(yielded > 0);
    CHECK(yielded < 24 * mib / (64 * 1024));
  });
}
