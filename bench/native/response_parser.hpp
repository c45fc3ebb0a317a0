// The least HTTP/1.1 response parser that is right for a well-behaved server: what a programmer
// would write beside a raw epoll loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace reqivo::bench {

/// Parses one response after the other from bytes fed in pieces of any size.
///
/// Understands Content-Length, chunked and 1xx, 204 and 304 (RFC 9112, sections 6 and 7). A body
/// that ends with the connection is refused, since the benchmark reuses its connections. Errors:
/// `std::runtime_error` on anything malformed; the object is then unusable.
class ResponseParser {
 public:
  /// Where the bytes of a body go: into `body()`, or nowhere but into the count.
  enum class Body { keep, drop };

  /// Takes the next bytes of the connection; returns how many of them belong to this response.
  /// Fewer than given only when it is complete.
  std::size_t feed(std::string_view bytes);

  [[nodiscard]] bool complete() const { return state_ == State::complete; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::uint64_t body_size() const { return body_size_; }
  [[nodiscard]] const std::string& body() const { return body_; }

  /// Makes ready for the next response; keeps the memory.
  void reset(Body body);

 private:
  enum class State { head, fixed_body, chunk_size, chunk_data, chunk_end, trailer, complete };

  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_line(std::string_view bytes);
  std::size_t feed_data(std::string_view bytes);
  void parse_head(std::string_view head);
  void parse_field(std::string_view line);
  void parse_line(std::string_view line);
  void start_body();

  bool keeps_body_ = true;
  bool chunked_ = false;
  bool has_length_ = false;
  State state_ = State::head;
  int status_ = 0;
  std::uint64_t remaining_ = 0;  // Bytes left of the fixed body or of the chunk.
  std::uint64_t body_size_ = 0;
  std::string pending_;  // The beginning of a head or a line that was cut.
  std::string body_;
};

}  // namespace reqivo::bench
