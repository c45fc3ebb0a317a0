// Against servers that we did not write: nginx and the real httpbin. See real_servers.mjs.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <chrono>
#include <cstdlib>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr std::size_t large_size = 8 * 1024 * 1024;

/// A field of what real_servers.mjs tells.
std::string server(const char* name) {
  const char* const line = std::getenv("REQIVO_REAL_SERVERS");
  if (line == nullptr) {
    throw std::runtime_error(
        "REQIVO_REAL_SERVERS is not set: run by node tests/native/real_servers.mjs --run");
  }
  return nlohmann::json::parse(line).at(name).get<std::string>();
}

AsyncSession httpbin() { return AsyncSession(server("httpbin")); }

AsyncSession nginx(const char* name) {
  AsyncSession session(server(name));
  session.tls(TlsOptions().ca_file(server("ca_file")));
  return session;
}

constexpr std::array<const char*, 2> both_ways = {"nginx", "nginx_tls"};

/// What nginx says of the connection: its number, how many requests it had, TLS version, "r" where
/// resumed.
class NginxConnection {
 public:
  explicit NginxConnection(const Response& response) {
    std::istringstream words(response.body());
    words >> number >> requests >> protocol >> resumed;
  }
  int number = 0;
  int requests = 0;
  std::string protocol;
  std::string resumed;
};

Task<nlohmann::json> json_of(Task<Response> sent) {
  const Response response = co_await std::move(sent);
  response.raise_for_status();
  co_return response.json();
}

}  // namespace

// ---- nginx

TEST_CASE("nginx: a file with its length and type", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      const Response response = co_await session.get("/hello.txt");
      CHECK(response.status_code() == 200);
      CHECK(response.reason() == "OK");
      CHECK(response.http_version() == "1.1");
      CHECK(response.body() == "Hello from nginx.\n");
      CHECK(response.headers().get("content-length") == "18");
      CHECK(response.headers().get("content-type") == "text/plain");
    }
  });
}

TEST_CASE("nginx: its certificate is refused by who does not trust it", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session(server("nginx_tls"));
    const TlsError failure = co_await failure_of<TlsError>(session.get("/hello.txt"));
    check_failure(failure, ErrorCode::tls, Phase::tls, true);
    CHECK_THAT(failure.what(), ContainsSubstring("self-signed"));
  });
}

TEST_CASE("nginx: connections are kept, and TLS sessions resumed", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      const NginxConnection first(co_await session.get("/connection"));
      CHECK(first.requests == 1);
      const NginxConnection second(co_await session.get("/connection"));
      CHECK(second.number == first.number);
      CHECK(second.requests == 2);
      const Response closing = co_await session.get("/close");
      CHECK(closing.headers().get("connection") == "close");
      const NginxConnection third(co_await session.get("/connection"));
      CHECK(third.number != first.number);
      CHECK(third.requests == 1);
      if (!third.protocol.empty()) {
        CHECK(third.protocol == "TLSv1.3");
        CHECK(third.resumed == "r");
      }
    }
  });
}

TEST_CASE("nginx: chunks", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      const Response small = co_await session.get("/chunked/hello.txt");
      CHECK(small.headers().get("transfer-encoding") == "chunked");
      CHECK(small.body() == "Hello from nginx.\n");
      const Response chunked = co_await session.get("/chunked/large.bin");
      const Response plain = co_await session.get("/large.bin");
      CHECK(plain.body().size() == large_size);
      const bool same = chunked.body() == plain.body();
      CHECK(same);
    }
  });
}

TEST_CASE("nginx: a large file streams with exact chunks", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      const Response whole = co_await session.get("/large.bin");
      StreamResponse stream = co_await session.get("/large.bin").stream();
      CHECK(stream.headers().get("content-length") == std::to_string(large_size));
      std::string body;
      std::size_t odd_sizes = 0;
      Generator<std::string> chunks = stream.iter_content(100'000);
      while (auto chunk = co_await chunks.next()) {
        if (chunk->size() != 100'000) ++odd_sizes;
        body += *chunk;
      }
      CHECK(odd_sizes == 1);  // the last
      const bool same = body == whole.body();
      CHECK(same);
    }
  });
}

TEST_CASE("nginx: gzip is asked for and undone, brotli it does not have", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      const Response asked = co_await session.get("/accept-encoding");
      CHECK_THAT(asked.body(), ContainsSubstring("gzip"));
      const Response decoded = co_await session.get("/gzip/lines.txt");
      CHECK(decoded.body().size() == 330'000);
      const Response raw =
          co_await session.get("/gzip/lines.txt").decode(false).header("Accept-Encoding", "gzip");
      CHECK(raw.headers().get("content-encoding") == "gzip");
      CHECK(raw.body().size() < 10'000);
      const Response no_brotli =
          co_await session.get("/gzip/lines.txt").header("Accept-Encoding", "br");
      CHECK_FALSE(no_brotli.headers().contains("content-encoding"));
      CHECK(no_brotli.body() == decoded.body());
    }
  });
}

TEST_CASE("nginx: ranges", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = nginx("nginx_tls");
    const Response whole = co_await session.get("/large.bin");
    const Response part = co_await session.get("/large.bin").header("Range", "bytes=1000-1999");
    CHECK(part.status_code() == 206);
    CHECK(part.headers().get("content-range") == "bytes 1000-1999/" + std::to_string(large_size));
    CHECK(part.body() == whole.body().substr(1000, 1000));
    const Response outside = co_await session.get("/hello.txt").header("Range", "bytes=1000-1999");
    CHECK(outside.status_code() == 416);
  });
}

TEST_CASE("nginx: HEAD, 204, 304 and errors keep the connection", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      const NginxConnection first(co_await session.get("/connection"));
      const Response head = co_await session.head("/large.bin");
      CHECK(head.headers().get("content-length") == std::to_string(large_size));
      CHECK(head.body().empty());
      const Response nothing = co_await session.get("/no-content");
      CHECK(nothing.status_code() == 204);
      const Response file = co_await session.get("/hello.txt");
      const std::string tag(file.headers().get("etag").value_or(""));
      const Response unchanged = co_await session.get("/hello.txt").header("If-None-Match", tag);
      CHECK(unchanged.status_code() == 304);
      const Response missing = co_await session.get("/missing");
      CHECK(missing.status_code() == 404);
      CHECK_THROWS_AS(missing.raise_for_status(), HttpStatusError);
      const Response not_allowed = co_await session.post("/hello.txt").body("x");
      CHECK(not_allowed.status_code() == 405);
      const NginxConnection last(co_await session.get("/connection"));
      CHECK(last.number == first.number);
      CHECK(last.requests == 8);
    }
  });
}

TEST_CASE("nginx: redirects are followed", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      const Response moved = co_await session.get("/moved");
      CHECK(moved.body() == "Hello from nginx.\n");
      REQUIRE(moved.history().size() == 1);
      CHECK(moved.history().front().status_code() == 301);
      const Response index = co_await session.get("/directory");  // to "/directory/"
      CHECK_THAT(index.body(), ContainsSubstring("index"));
      const Response manual = co_await session.get("/moved").redirect(Redirect::manual);
      CHECK(manual.status_code() == 301);
      CHECK(manual.headers().get("location") == "/hello.txt");
    }
  });
}

TEST_CASE("nginx: a body that it refuses is answered by 413", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      const Response response =
          co_await session.post("/hello.txt").body(std::string(large_size, 'x'));
      CHECK(response.status_code() == 413);
    }
  });
}

TEST_CASE("nginx: many requests at once", "[real]") {
  run_test([]() -> Task<void> {
    for (const char* const way : both_ways) {
      CAPTURE(way);
      AsyncSession session = nginx(way);
      std::vector<Task<Response>> requests;
      for (int i = 0; i < 60; ++i) requests.push_back(session.get("/hello.txt"));
      const std::vector<Response> responses = co_await gather(std::move(requests));
      for (const Response& response : responses) CHECK(response.body() == "Hello from nginx.\n");
    }
  });
}

// ---- httpbin

TEST_CASE("httpbin: GET with parameters and headers", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const nlohmann::json seen = co_await json_of(
        session.get("/get").param("q", "two words & more").header("X-Custom-Header", "42"));
    CHECK(seen.at("args").at("q") == "two words & more");
    CHECK(seen.at("headers").at("X-Custom-Header") == "42");
    const nlohmann::json headers = co_await json_of(session.get("/headers"));
    CHECK(headers.at("headers").contains("Accept-Encoding"));
  });
}

TEST_CASE("httpbin: POST of JSON, forms, bytes and streams", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const nlohmann::json sent = nlohmann::json::parse(R"({"name": "Grüße", "list": [1, 2]})");
    const nlohmann::json json = co_await json_of(session.post("/post").json(sent));
    CHECK(json.at("json") == sent);
    const nlohmann::json form =
        co_await json_of(session.post("/post").form("a", "1 & 2").form("b", "ü"));
    CHECK(form.at("form").at("a") == "1 & 2");
    CHECK(form.at("form").at("b") == "ü");
    const nlohmann::json bytes =
        co_await json_of(session.post("/post").body("raw").content_type("text/plain"));
    CHECK(bytes.at("data") == "raw");
    const nlohmann::json known = co_await json_of(
        session.post("/post").body(pieces_of(3, 5), 15).content_type("text/plain"));
    CHECK(known.at("data") == "ppppppppppppppp");
    const nlohmann::json chunked =
        co_await json_of(session.post("/post").body(pieces_of(3, 5)).content_type("text/plain"));
    CHECK(chunked.at("data") == "ppppppppppppppp");
  });
}

TEST_CASE("httpbin: PUT, PATCH and DELETE", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const nlohmann::json put = co_await json_of(session.put("/put").body("1"));
    CHECK(put.at("data") == "1");
    const nlohmann::json patch = co_await json_of(session.patch("/patch").body("2"));
    CHECK(patch.at("data") == "2");
    const nlohmann::json deleted = co_await json_of(session.delete_("/delete"));
    CHECK(deleted.contains("args"));
  });
}

TEST_CASE("httpbin: statuses", "[real]") {
  run_test([]() -> Task<void> {
    static constexpr std::array<int, 7> codes = {200, 201, 204, 400, 404, 418, 503};
    AsyncSession session = httpbin();
    for (const int code : codes) {
      CAPTURE(code);
      const Response response = co_await session.get("/status/" + std::to_string(code));
      CHECK(response.status_code() == code);
      CHECK(response.ok() == (code < 300));
    }
  });
}

TEST_CASE("httpbin: a delay is waited for, or cut short", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const auto start = std::chrono::steady_clock::now();
    const Response response = co_await session.get("/delay/1");
    CHECK(response.ok());
    CHECK(std::chrono::steady_clock::now() - start >= 990ms);
    const ReadTimeout read =
        co_await failure_of<ReadTimeout>(session.get("/delay/2").timeout(Timeout().read(100ms)));
    check_failure(read, ErrorCode::read_timeout, Phase::head, false);
    const TotalTimeout total =
        co_await failure_of<TotalTimeout>(session.get("/delay/2").timeout(100ms));
    check_failure(total, ErrorCode::total_timeout, Phase::head, false);
  });
}

TEST_CASE("httpbin: bytes, streams of lines and drips", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const Response bytes = co_await session.get("/bytes/5000");
    CHECK(bytes.body().size() == 5000);
    StreamResponse streamed = co_await session.get("/stream-bytes/5000").stream();
    const std::uint64_t length = co_await length_of_rest(std::move(streamed));
    CHECK(length == 5000);
    StreamResponse stream = co_await session.get("/stream/5").stream();
    const std::vector<std::string> lines = co_await all_of(stream.iter_lines());
    REQUIRE(lines.size() == 5);
    CHECK(nlohmann::json::parse(lines[4]).at("id") == 4);
    const Response drip = co_await session.get("/drip").param("duration", 1).param("numbytes", 5);
    CHECK(drip.body() == "*****");
  });
}

TEST_CASE("httpbin: redirects", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const Response response = co_await session.get("/redirect/3");
    CHECK(response.ok());
    CHECK(response.history().size() == 3);
    const Response absolute = co_await session.get("/absolute-redirect/2");
    CHECK(absolute.history().size() == 2);
    const TooManyRedirects failure =
        co_await failure_of<TooManyRedirects>(session.get("/redirect/3").max_redirects(2));
    CHECK(failure.code() == ErrorCode::too_many_redirects);
  });
}

TEST_CASE("httpbin: cookies are the caller's", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const nlohmann::json sent =
        co_await json_of(session.get("/cookies").header("Cookie", "a=1; b=2"));
    CHECK(sent.at("cookies").at("b") == "2");
    const Response set = co_await session.get("/cookies/set/name/value").redirect(Redirect::manual);
    CHECK(set.status_code() == 302);
    CHECK_THAT(std::string(set.headers().get("set-cookie").value_or("")),
               ContainsSubstring("name=value"));
  });
}

TEST_CASE("httpbin: authentication", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const nlohmann::json basic = co_await json_of(
        session.get("/basic-auth/user/pass%20word").basic_auth("user", "pass word"));
    CHECK(basic.at("authenticated") == true);
    const Response refused =
        co_await session.get("/basic-auth/user/password").basic_auth("user", "x");
    CHECK(refused.status_code() == 401);
    const nlohmann::json bearer = co_await json_of(session.get("/bearer").bearer_token("token"));
    CHECK(bearer.at("token") == "token");
  });
}

TEST_CASE("httpbin: gzip, deflate and brotli", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    const nlohmann::json gzip = co_await json_of(session.get("/gzip"));
    CHECK(gzip.at("gzipped") == true);
    const nlohmann::json deflate = co_await json_of(session.get("/deflate"));
    CHECK(deflate.at("deflated") == true);
    const nlohmann::json brotli = co_await json_of(session.get("/brotli"));
    CHECK(brotli.at("brotli") == true);
  });
}

TEST_CASE("httpbin: twelve requests at once over kept connections", "[real]") {
  run_test([]() -> Task<void> {
    AsyncSession session = httpbin();
    for (int round = 0; round < 3; ++round) {
      std::vector<Task<Response>> requests;
      for (int i = 0; i < 12; ++i) requests.push_back(session.get("/get").param("i", i));
      const std::vector<Response> responses = co_await gather(std::move(requests));
      for (std::size_t i = 0; i < responses.size(); ++i) {
        CHECK(responses[i].json().at("args").at("i") == std::to_string(i));
      }
    }
  });
}
