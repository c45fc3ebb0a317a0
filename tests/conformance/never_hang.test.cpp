// Whatever a server sends, the request ends with a typed error long before its time is up.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <reqivo/async.hpp>
#include <reqivo/session.hpp>
#include <string>
#include <string_view>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

enum class Ends { as_invalid, as_closed };

struct Wire {
  std::string_view about;
  std::string_view bytes;
  Ends ends = Ends::as_invalid;
};

/// Sent whole, after which the server keeps the connection open: what is wrong has to be seen by
/// itself.
constexpr Wire malformed[] = {
    {"no HTTP at all", "hello, I am no web server\r\n\r\n"},
    {"another protocol", "SSH-2.0-OpenSSH_9.2\r\n"},
    {"HTTP/0.9", "<html>\r\n\r\n"},
    {"HTTP/2 in clear", "HTTP/2 200 OK\r\n\r\n"},
    {"no status", "HTTP/1.1\r\nContent-Length: 0\r\n\r\n"},
    {"status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"},
    {"status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"},
    {"header without colon", "HTTP/1.1 200 OK\r\nNonsense\r\nContent-Length: 0\r\n\r\n"},
    {"header name with space", "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n"},
    {"folded header", "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n"},
    {"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
    {"length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n"},
    {"length beyond 64 bits", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"},
    {"two different lengths",
     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
    {"a list of different lengths", "HTTP/1.1 200 OK\r\nContent-Length: 3, 4\r\n\r\nabcd"},
    {"length and chunks",
     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"chunk size that is no number",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"},
    {"chunk size beyond 64 bits",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"},
    {"chunk longer than its size",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n"},
    {"negative chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"},
};

/// The end of the connection comes after these.
constexpr Wire broken_off[] = {
    {"nothing", "", Ends::as_closed},
    {"half a status line", "HTTP/1.1 20", Ends::as_closed},
    {"half a head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", Ends::as_closed},
    {"no body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Ends::as_closed},
    {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", Ends::as_closed},
    {"no chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Ends::as_closed},
    {"half a chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5",
     Ends::as_closed},
    {"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
     Ends::as_closed},
    {"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
     Ends::as_closed},
    {"half of the last chunk",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", Ends::as_closed},
    {"half of the trailers",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-A: b\r\n",
     Ends::as_closed},
    {"only an interim answer", "HTTP/1.1 103 Early Hints\r\n\r\n", Ends::as_closed},
};

/// The request has to fail in the way `wire` says, within seconds.
Task<void> check_ends(Wire wire, bool closes) {
  CAPTURE(wire.about, closes);
  RawScript script;
  script.send(wire.bytes);
  if (closes) {
    script.close();
  } else {
    script.stall();
  }
  AsyncSession session;
  const auto start = std::chrono::steady_clock::now();
  bool failed = false;
  try {
    static_cast<void>(co_await session.get(script.url()).timeout(40s));
  } catch (const RequestError& failure) {
    failed = true;
    check_message(failure);
    const std::string_view code = to_string(failure.code());
    CAPTURE(failure.what());
    if (!capabilities().network_error_detail) {
      CHECK(code == to_string(ErrorCode::network));
    } else if (wire.ends == Ends::as_closed) {
      CHECK(code == to_string(ErrorCode::connection_closed));
    } else {
      CHECK(code == to_string(ErrorCode::invalid_response));
    }
  }
  CHECK(failed);
  CHECK(std::chrono::steady_clock::now() - start < 20s);
}

}  // namespace

TEST_CASE("a malformed answer is InvalidResponseError at once", "[never hang]") {
  require(capabilities().strict_framing, "strict_framing");
  run_test([]() -> Task<void> {
    for (const Wire& wire : malformed) co_await check_ends(wire, false);
  });
}

TEST_CASE("a malformed answer that is followed by the end is InvalidResponseError too",
          "[never hang]") {
  require(capabilities().strict_framing, "strict_framing");
  run_test([]() -> Task<void> {
    for (const Wire& wire : malformed) co_await check_ends(wire, true);
  });
}

TEST_CASE("an answer that breaks off is ConnectionClosedError at once", "[never hang]") {
  require(capabilities().network_error_detail, "network_error_detail (it forgives some of these)");
  run_test([]() -> Task<void> {
    for (const Wire& wire : broken_off) co_await check_ends(wire, true);
  });
}

TEST_CASE("every named garbage of the server ends the request", "[never hang]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    for (const std::string_view path :
         {"/garbage", "/bad-status-line", "/bad-chunk", "/conflicting-lengths", "/huge-header",
          "/many-headers", "/truncated-chunked", "/truncated-length"}) {
      CAPTURE(path);
      const auto start = std::chrono::steady_clock::now();
      bool failed = false;
      try {
        static_cast<void>(co_await session.get(test_server().raw(path)).timeout(40s));
      } catch (const TimeoutError&) {
        FAIL_CHECK("it hung");
      } catch (const RequestError&) {
        failed = true;
      }
      const bool forgiven =
          !capabilities().network_error_detail;  // a browser takes any size of head
      CHECK((failed || forgiven));
      CHECK(std::chrono::steady_clock::now() - start < 20s);
    }
  });
}

TEST_CASE("an answer that never stops beginning is ended by a limit", "[never hang]") {
  require(capabilities().connection_limits, "connection_limits");
  run_test([]() -> Task<void> {
    RawScript script;
    script.send("HTTP/1.1 102 Processing\r\nX-A: b\r\n\r\n", 20'000).stall();
    AsyncSession session;
    const auto failure =
        co_await failure_of<InvalidResponseError>(session.get(script.url()).timeout(40s));
    check_failure(failure, ErrorCode::limit_exceeded, Phase::head, false);
  });
}

TEST_CASE("garbage behind a good answer does not reach the next request", "[never hang]") {
  run_test([]() -> Task<void> {
    AsyncSession session;
    RawScript script;
    script.answer("HTTP/1.1 200 OK", "Content-Length: 4\r\n",
                  "goodHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    for (int i = 0; i < 3; ++i) {
      const Response response = co_await session.get(script.url());
      CHECK(response.body() == "good");
    }
  });
}
