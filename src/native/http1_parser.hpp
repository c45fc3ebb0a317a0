// Reads one HTTP/1.1 response from bytes: sans-IO, knows no sockets. RFC 9112.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <reqivo/headers.hpp>
#include <string>
#include <string_view>

#include "platform/failure.hpp"

namespace reqivo::native {

/// Bounds on what a server may make us hold. `std::nullopt` is no limit.
struct Http1Limits {
  Http1Limits() = default;
  /// Bytes of the status line and fields of one head, trailers included; each interim head is
  /// counted separately.
  std::optional<std::size_t> head_size = 64 * 1024;
  /// Fields in one head, or in the trailers.
  std::optional<std::size_t> header_count = 256;
};

/// The head of a final response (1xx are consumed and forgotten).
struct Http1Head {
  Http1Head() = default;
  int status = 0;
  std::string reason;
  int minor_version = 1;  // HTTP/1.0 or HTTP/1.1
  Headers headers;        // in the order received, repeats kept, values trimmed of white space
};

/// An incremental parser for the answer to one request. Feed it bytes as they come; it never throws
/// and never reads past the end of the response.
///
/// Framing is RFC 9112 §6.3 exactly: HEAD, 1xx, 204 and 304 have no body; chunked (with extensions
/// and trailers); Content-Length; else read to close. Refused as `invalid_response`: anything
/// llhttp's strict mode refuses, Content-Length that is malformed, repeated, or together with
/// Transfer-Encoding, a Transfer-Encoding whose last coding is not chunked or that names any other
/// coding, Transfer-Encoding in HTTP/1.0, bare CR or LF as line end, obs-fold, a status below 100
/// (600..999 go through, as in browsers), 101 (nothing here asks for an upgrade), bytes before the
/// status line, chunk sizes beyond 2^63.
class Http1Parser {
 public:
  Http1Parser();
  ~Http1Parser();
  Http1Parser(Http1Parser&&) noexcept;
  Http1Parser& operator=(Http1Parser&&) noexcept;

  /// Makes ready for the next response on the same connection; keeps memory for reuse.
  void start(bool response_to_head, const Http1Limits& limits);

  /// What a call to `feed` came to.
  enum class Event {
    need_more,  ///< all bytes were taken; more are needed
    head,       ///< the final head is complete: see `head()`; body bytes may follow in the input
    body,       ///< `body_part()` holds body bytes: a view into the input of this very call
    complete,   ///< the response is whole; bytes not taken belong to nobody we know
    failed,     ///< see `failure()`; the parser takes nothing more
  };
  struct Step {
    Step(Event what, std::size_t taken) : event(what), consumed(taken) {}
    Event event;
    std::size_t consumed;  ///< bytes of the input that were used up; the rest is to be fed again
  };
  /// Takes bytes up to the next event. At most one event a call; `head` is reported before any body
  /// byte is consumed. Feeding an empty input after `head` of a bodiless response gives `complete`.
  Step feed(std::string_view bytes);

  /// The peer has closed its side. True if that ends the response properly (read-to-close, or
  /// complete already); otherwise `failure()` is set: `connection_closed`, phase head or body.
  bool finish();

  [[nodiscard]] const Http1Head& head() const noexcept;
  /// May be moved from.
  [[nodiscard]] Http1Head& head() noexcept;
  /// Valid until the input of the last `feed` goes away.
  [[nodiscard]] std::string_view body_part() const noexcept;
  /// Bytes still to come of a Content-Length body, where the length is known.
  [[nodiscard]] std::optional<std::uint64_t> remaining_length() const noexcept;
  /// True once any byte of this response has been fed.
  [[nodiscard]] bool started() const noexcept;
  [[nodiscard]] bool complete() const noexcept;
  /// After `complete`: may the connection carry another request (RFC 9112 §9.3)?
  [[nodiscard]] bool keep_alive() const noexcept;
  [[nodiscard]] const detail::Failure& failure() const noexcept;
  /// How many of the next bytes are body bytes, whatever they are: fed on their own they are one
  /// `body_part()`, so that they can be received where that part is wanted. Zero: the framing
  /// decides on each byte.
  [[nodiscard]] std::uint64_t certain_body() const noexcept;
  /// Trailer fields of a chunked body; filled when `complete`.
  [[nodiscard]] const Headers& trailers() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reqivo::native
