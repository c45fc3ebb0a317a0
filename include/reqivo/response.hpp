// Responses: buffered, streamed by a coroutine, streamed by a blocking program.
#pragma once

#include <chrono>
#include <cstddef>
#include <iterator>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <reqivo/detail/body_owner.hpp>
#include <reqivo/detail/body_slices.hpp>
#include <reqivo/detail/generator.hpp>
#include <reqivo/detail/task.hpp>
#include <reqivo/headers.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reqivo {

/// One redirect that was followed: what answered with it.
class RedirectHop {
 public:
  RedirectHop(int status_code, std::string url) : status_code_(status_code), url_(std::move(url)) {}
  [[nodiscard]] int status_code() const noexcept { return status_code_; }
  /// The URL that redirected, without user info and fragment.
  [[nodiscard]] const std::string& url() const noexcept { return url_; }

 private:
  int status_code_;
  std::string url_;
};

/// What a response says before its body. A status of 400 or more is no failure by itself.
/// Lifetime: what is handed out by reference lives as long as the response; a response that is a
/// temporary gives it away instead.
class ResponseHead {
 public:
  /// 200..999, as sent; 0 for an opaque answer (RequestMode::no_cors) and where there is none.
  [[nodiscard]] int status_code() const noexcept { return status_code_; }
  /// The reason phrase as sent; often empty.
  [[nodiscard]] const std::string& reason() const& noexcept { return reason_; }
  [[nodiscard]] std::string reason() && noexcept { return std::move(reason_); }
  /// The status is 200..299.
  [[nodiscard]] bool ok() const noexcept { return status_code_ >= 200 && status_code_ < 300; }
  /// Where the answer came from, after redirects; without user info and fragment.
  [[nodiscard]] const std::string& url() const& noexcept { return url_; }
  [[nodiscard]] std::string url() && noexcept { return std::move(url_); }
  /// As received, trailers not among them. Platforms: in a browser sorted, repeats joined, where
  /// `capabilities().headers_as_received` is false.
  [[nodiscard]] const Headers& headers() const& noexcept { return headers_; }
  [[nodiscard]] Headers headers() && noexcept { return std::move(headers_); }
  /// "1.1", "1.0"; empty where the backend does not tell.
  [[nodiscard]] const std::string& http_version() const& noexcept { return http_version_; }
  [[nodiscard]] std::string http_version() && noexcept { return std::move(http_version_); }
  /// The redirects that were followed, first one first. Platforms: empty where
  /// `capabilities().manual_redirects` is false.
  [[nodiscard]] const std::vector<RedirectHop>& history() const& noexcept { return history_; }
  [[nodiscard]] std::vector<RedirectHop> history() && noexcept { return std::move(history_); }
  /// From the start of the request to its last body byte; of a streamed one, to the end of the
  /// head.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return elapsed_; }
  /// Errors: HttpStatusError where the status is 400..599.
  void raise_for_status() const;

  ResponseHead(const ResponseHead& other);
  ResponseHead(ResponseHead&& other) noexcept;
  ResponseHead& operator=(const ResponseHead& other);
  ResponseHead& operator=(ResponseHead&& other) noexcept;
  ~ResponseHead();

 protected:
  ResponseHead() = default;

 private:
  friend class detail::Exchange;
  int status_code_ = 0;
  std::string method_;
  std::string reason_;
  std::string url_;
  std::string http_version_;
  Headers headers_;
  std::vector<RedirectHop> history_;
  std::chrono::nanoseconds elapsed_{};
};

/// A response with its whole body.
class Response : public ResponseHead {
 public:
  /// An empty response with status 0, to be assigned to.
  Response() = default;

  /// The body's bytes, Content-Encoding undone unless `decode(false)` was set.
  [[nodiscard]] const std::string& body() const& noexcept { return body_; }
  [[nodiscard]] std::string body() && noexcept { return std::move(body_); }
  /// The body as UTF-8: a byte order mark decides, then the charset of Content-Type, else it is
  /// taken for UTF-8. Known are UTF-8, UTF-16, windows-1252 and ISO-8859-1, which is read as the
  /// former (Encoding Standard); others, too, are taken for UTF-8. Malformed bytes become U+FFFD.
  [[nodiscard]] std::string text() const;
  /// The body parsed as JSON (RFC 8259). A caller needs reqivo/json.hpp. Errors: JsonError where it
  /// is none, or is nested more than 128 deep.
  [[nodiscard]] nlohmann::json json() const;
  /// The same, converted by the type's from_json; of nlohmann::ordered_json the keys stay in their
  /// order. Defined in reqivo/json.hpp. Errors: JsonError.
  template <class T>
  [[nodiscard]] T json() const;

  /// Slices of the body, `size` bytes each, the last one maybe shorter.
  /// Errors: std::invalid_argument where `size` is zero.
  detail::BodySlices<detail::FixedSlices> iter_content(std::size_t size) const& {
    return {std::string_view(body_), detail::slices_of(size)};
  }
  detail::BodySlices<detail::FixedSlices> iter_content(std::size_t size) && {
    return {std::move(body_), detail::slices_of(size)};
  }
  /// The lines of the body, ended by "\n", "\r\n" or "\r", which are not part of them.
  detail::BodySlices<detail::LineSlices> iter_lines() const& {
    return {std::string_view(body_), detail::LineSlices()};
  }
  detail::BodySlices<detail::LineSlices> iter_lines() && {
    return {std::move(body_), detail::LineSlices()};
  }

 private:
  friend class detail::Exchange;
  std::string body_;
};

/// A response whose body is pulled while it arrives. No more of it is held than the chunk being
/// handed out: who reads slowly holds the sender back.
///
/// Lifetime: the StreamResponse and what was made from it, its generators and a `buffer()`, own the
/// exchange together; a `read()` needs one of them. When the last of them goes before the end of
/// the body, the connection is closed at once. All readers share one place in the body: each goes
/// on where the one before stopped, be its generator still there or not. Closing the session leaves
/// it readable; destroying the session does not: reading then throws ClosedError. Errors: what a
/// read throws, every later read throws again, but for an exception of the generator that is the
/// request's body: after it they throw ClosedError. Destroying a read that is under way aborts the
/// exchange. Two reads at the same time are RequestError (`invalid_request`), and the first goes
/// on.
class StreamResponse : public ResponseHead {
 public:
  /// Holds no body; reading it is std::logic_error.
  StreamResponse() = default;
  StreamResponse(StreamResponse&&) noexcept = default;
  StreamResponse& operator=(StreamResponse&&) noexcept = default;

  /// The next bytes as they arrive, at least one; std::nullopt at the end of the body and ever
  /// after.
  [[nodiscard]] Task<std::optional<std::string>> read();
  /// The rest of the body in pieces as they arrive.
  [[nodiscard]] Generator<std::string> chunks();
  /// The rest of the body in chunks of exactly `size` bytes, the last one maybe shorter.
  /// Errors: std::invalid_argument where `size` is zero.
  [[nodiscard]] Generator<std::string> iter_content(std::size_t size);
  /// The rest of the body in lines, ended by "\n", "\r\n" or "\r", which are not part of them. A
  /// line comes out as soon as its end arrived. Errors: InvalidResponseError (`limit_exceeded`) for
  /// a line longer than the session's `Limits::body_size`.
  [[nodiscard]] Generator<std::string> iter_lines();
  /// The whole body. Errors: InvalidResponseError (`limit_exceeded`) where it is larger than the
  /// session's `Limits::body_size`; RequestError (`invalid_request`) where some of it was read
  /// already.
  [[nodiscard]] Task<Response> buffer();

 private:
  friend class detail::Exchange;
  detail::BodyOwner body_;
};

namespace detail {

/// What a blocking program iterates over: each step runs the thread's event loop until the next
/// piece is there. An input range, to be gone through once; it owns its share of the stream.
class [[nodiscard]] BlockingPieces {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using pointer = std::string*;
    using reference = std::string&;

    Iterator() noexcept = default;
    explicit Iterator(BlockingPieces& pieces) noexcept : pieces_(&pieces) {}
    /// Lifetime: until the next increment. May be moved from.
    reference operator*() const noexcept { return *pieces_->piece_; }
    pointer operator->() const noexcept { return &*pieces_->piece_; }
    Iterator& operator++() {
      pieces_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) noexcept {
      return at.at_end();
    }

   private:
    [[nodiscard]] bool at_end() const noexcept { return pieces_ == nullptr || !pieces_->piece_; }
    BlockingPieces* pieces_ = nullptr;
  };

  explicit BlockingPieces(Generator<std::string> pieces) noexcept : pieces_(std::move(pieces)) {}
  /// Waits for the first piece. Errors: as reading the stream.
  [[nodiscard]] Iterator begin() {
    advance();
    return Iterator(*this);
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  void advance();
  Generator<std::string> pieces_;
  std::optional<std::string> piece_;
};

}  // namespace detail

/// A StreamResponse for programs without coroutines: the same members, each of which blocks.
/// Errors: as StreamResponse; std::logic_error inside a running event loop.
class BlockingStreamResponse : public ResponseHead {
 public:
  BlockingStreamResponse() = default;
  explicit BlockingStreamResponse(StreamResponse stream)
      : ResponseHead(stream), stream_(std::move(stream)) {}

  /// The next bytes, at least one; std::nullopt at the end of the body.
  [[nodiscard]] std::optional<std::string> read();
  /// The rest of the body in pieces as they arrive.
  detail::BlockingPieces chunks();
  /// The rest of the body in chunks of `size` bytes, the last one maybe shorter.
  detail::BlockingPieces iter_content(std::size_t size);
  /// The rest of the body in lines, without their ends.
  detail::BlockingPieces iter_lines();
  /// The whole body.
  [[nodiscard]] Response buffer();

 private:
  StreamResponse stream_;
};

}  // namespace reqivo
