// Where the embedded test server is, what to ask it to send, and what it has seen.
#pragma once

#include <chrono>
#include <cstdint>
#include <reqivo/detail/task.hpp>
#include <string>
#include <string_view>

namespace reqivo::test {

/// The addresses in the ready line of tests/server (see its README), from REQIVO_TEST_SERVER.
class TestServer {
 public:
  /// Errors: std::runtime_error where `ready_line` is not what the server prints.
  explicit TestServer(const std::string& ready_line);

  /// URLs of a path ("/get") at the listeners; without a path, their origins.
  [[nodiscard]] std::string http(std::string_view path = {}) const { return at(http_, path); }
  [[nodiscard]] std::string https(std::string_view path = {}) const { return at(https_, path); }
  [[nodiscard]] std::string other_origin(std::string_view path = {}) const {
    return at(other_origin_, path);
  }
  [[nodiscard]] std::string raw(std::string_view path = {}) const { return at(raw_, path); }
  /// An origin where nobody listens.
  [[nodiscard]] std::string closed(std::string_view path = {}) const { return at(closed_, path); }
  /// https where the peer accepts the connection and then says nothing.
  [[nodiscard]] std::string silent_https(std::string_view path = {}) const;
  /// "127.0.0.1:PORT" of the plain listener.
  [[nodiscard]] std::string http_authority() const {
    return http_.substr(std::string_view("http://").size());
  }
  /// The authority that signed the certificate of `https`.
  [[nodiscard]] const std::string& ca_file() const noexcept { return ca_file_; }

 private:
  [[nodiscard]] static std::string at(const std::string& origin, std::string_view path) {
    return origin + std::string(path);
  }
  std::string http_;
  std::string https_;
  std::string other_origin_;
  std::string raw_;
  std::string closed_;
  std::string ca_file_;
};

/// The server of this run. Errors: std::runtime_error where the environment does not name one.
[[nodiscard]] const TestServer& test_server();

/// What the raw listener is to send, byte by byte.
class RawScript {
 public:
  RawScript() = default;
  RawScript& send(std::string_view bytes, int times = 1);
  /// A head with what a page of another origin needs to see it, and a body.
  /// `fields` are whole lines, each ended by CR LF.
  RawScript& answer(std::string_view status_line, std::string_view fields, std::string_view body);
  RawScript& wait(std::chrono::milliseconds time);
  RawScript& stall();
  RawScript& close();
  /// Closes with a reset (RST), a moment after what was sent.
  RawScript& reset();
  /// The URL that asks for it.
  [[nodiscard]] std::string url() const;

 private:
  RawScript& step(std::string json);
  std::string steps_;
};

/// What the server knows of the requests that carried a tag.
struct TagRecord {
  TagRecord() = default;
  int started = 0;
  int finished = 0;
  int aborted = 0;
  std::uint64_t bytes_written = 0;
  bool closed = false;  ///< each connection that carried the tag was closed by us
};

/// A tag that no other test uses, of this run or another one.
[[nodiscard]] std::string unique_tag();
/// `path` with the tag in its query.
[[nodiscard]] std::string tagged(std::string_view path, std::string_view tag);
[[nodiscard]] Task<TagRecord> tag_record(std::string tag);
/// Waits until the server has begun to serve `count` requests with that tag.
[[nodiscard]] Task<TagRecord> wait_started(std::string tag, int count = 1);
/// Waits until every connection that carried the tag is closed, for 10 s at most.
[[nodiscard]] Task<TagRecord> wait_closed(std::string tag);

/// What the server's `/bytes/:n?seed=` sends.
[[nodiscard]] std::string seeded_bytes(std::size_t count, std::uint32_t seed);
/// Base64 with padding (RFC 4648 §4).
[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace reqivo::test
