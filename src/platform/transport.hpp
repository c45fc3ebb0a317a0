// The seam: send one prepared request, get the head and a source of body bytes. All policy
// (redirects, deadlines, hooks, buffering) is above it and shared; a fake for tests is 50 lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <reqivo/detail/task.hpp>
#include <reqivo/headers.hpp>
#include <reqivo/options.hpp>
#include <string>
#include <string_view>

#include "platform/event_loop.hpp"
#include "platform/failure.hpp"
#include "platform/url.hpp"

namespace reqivo::detail {

/// How far an exchange is: written by the transport, read by the deadline. One thread.
class ExchangeProgress {
 public:
  /// Wants to know when another limit may have become the next to run out.
  class Listener {
   public:
    virtual void limits_changed() noexcept = 0;

   protected:
    ~Listener() = default;
  };

  ExchangeProgress(const EventLoop& loop, TimePoint start) noexcept
      : loop_(loop), phase_start_(start), last_activity_(start) {}

  /// The exchange enters `phase`; entering the phase it is in already changes nothing.
  void enter(Phase phase) noexcept {
    if (phase != phase_) enter(phase, loop_.now());
  }
  /// The same where the caller knows the time: reading the clock costs more than all the rest.
  void enter(Phase phase, TimePoint now) noexcept {
    if (phase == phase_) return;
    phase_start_ = last_activity_ = now;
    const auto connecting = [](Phase p) { return p >= Phase::resolve && p <= Phase::tls; };
    if (connecting(phase) && !connecting(phase_)) connecting_since_ = phase_start_;
    phase_ = phase;
    if (listener_ != nullptr) listener_->limits_changed();
  }
  /// At most one at a time; null for none.
  void set_listener(Listener* listener) noexcept { listener_ = listener; }
  /// Bytes went either way.
  void moved() noexcept { last_activity_ = loop_.now(); }
  /// The platform sends so many bytes and tells nothing of it: the answer may come as much later as
  /// a slow line needs for them, unless somebody set a limit for that.
  void sends_unseen(std::size_t bytes) noexcept {
    constexpr std::int64_t each = 8000;  // 125 kB a second
    unseen_upload_ = std::chrono::nanoseconds(static_cast<std::int64_t>(bytes) * each);
  }
  /// The request has gone out once, unanswered, and goes out again: the server may have acted on it
  /// whatever becomes of that.
  void will_send_again() noexcept { sent_before_ = true; }
  /// From here to `callers_turn_ended` the caller's own code is at work, such as the generator of a
  /// streamed body: that takes as long as it takes, and only the total goes on.
  void callers_turn_began() noexcept { callers_turn_ = true; }
  void callers_turn_ended() noexcept {
    callers_turn_ = false;
    moved();
    if (listener_ != nullptr) listener_->limits_changed();
  }

  [[nodiscard]] Phase phase() const noexcept { return phase_; }
  [[nodiscard]] TimePoint phase_start() const noexcept { return phase_start_; }
  /// When resolving began; name, connection and handshake share one limit.
  [[nodiscard]] TimePoint connecting_since() const noexcept { return connecting_since_; }
  [[nodiscard]] TimePoint last_activity() const noexcept { return last_activity_; }
  [[nodiscard]] bool is_callers_turn() const noexcept { return callers_turn_; }
  [[nodiscard]] std::chrono::nanoseconds unseen_upload() const noexcept { return unseen_upload_; }
  [[nodiscard]] bool sent_before() const noexcept { return sent_before_; }

 private:
  const EventLoop& loop_;
  Listener* listener_ = nullptr;
  Phase phase_ = Phase::url;
  bool callers_turn_ = false;
  bool sent_before_ = false;
  std::chrono::nanoseconds unseen_upload_{0};
  TimePoint phase_start_;
  TimePoint connecting_since_{};
  TimePoint last_activity_;
};

/// The body of a request, pulled by the transport.
class UploadSource {
 public:
  UploadSource() = default;
  UploadSource(const UploadSource&) = delete;
  UploadSource& operator=(const UploadSource&) = delete;
  virtual ~UploadSource() = default;
  /// The next piece; std::nullopt at the end. Throws what the caller's generator throws.
  virtual Task<std::optional<std::string>> next() = 0;
};

/// Nothing, bytes that may be sent again, or a source that can be read once.
class RequestBody {
 public:
  RequestBody() = default;
  explicit RequestBody(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  RequestBody(std::shared_ptr<UploadSource> source, std::optional<std::uint64_t> length)
      : source_(std::move(source)), length_(length) {}
  RequestBody(const RequestBody& other);
  RequestBody(RequestBody&& other) noexcept;
  RequestBody& operator=(const RequestBody& other);
  RequestBody& operator=(RequestBody&& other) noexcept;
  ~RequestBody();

  [[nodiscard]] bool empty() const noexcept { return !bytes_ && !source_; }
  /// Null unless the body is bytes.
  [[nodiscard]] const std::shared_ptr<const std::string>& bytes() const noexcept { return bytes_; }
  /// Null unless the body is streamed.
  [[nodiscard]] const std::shared_ptr<UploadSource>& source() const noexcept { return source_; }
  /// The number of bytes, where it is known.
  [[nodiscard]] std::optional<std::uint64_t> length() const noexcept {
    return bytes_ ? std::optional<std::uint64_t>(bytes_->size()) : length_;
  }
  [[nodiscard]] bool replayable() const noexcept { return !source_; }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::shared_ptr<UploadSource> source_;
  std::optional<std::uint64_t> length_;
};

/// One request, ready to send: URL absolute and http(s), every header that the caller or the
/// session wants (Host, Content-Length, Transfer-Encoding and Connection are the transport's), all
/// checked.
struct TransportRequest {
  TransportRequest() = default;
  std::string method;
  Url url;
  Headers headers;
  RequestBody body;
  /// Only for a transport that follows redirects by itself; one that cannot ignores it.
  Redirect redirect = Redirect::follow;
  /// The session's client certificate may be shown: it is a credential, and a redirect to another
  /// origin must not carry it along.
  bool show_client_certificate = true;
  /// Undo Content-Encoding (natively: also ask for it, where no Accept-Encoding is set).
  bool decode = true;
  /// For a transport over the Fetch API; others have nothing to do with it.
  FetchOptions fetch;
  std::shared_ptr<ExchangeProgress> progress;
};

/// Where the bytes of a response's body come from. Destroying it ends the exchange abruptly unless
/// the body was read to its end.
class BodySource {
 public:
  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  virtual ~BodySource() = default;
  /// The next bytes as they arrive, decoded; empty at the end, and only there. One call at a time.
  /// Where bytes are always at hand it suspends for a turn now and then all the same.
  /// The source outlives the task. The exchange's phase stays what it is. Throws only what an
  /// `UploadSource` throws.
  virtual Task<Outcome<std::string>> read() = 0;
};

/// A source that gives these bytes, which are at least one.
[[nodiscard]] std::unique_ptr<BodySource> make_body_source(std::string bytes);

/// The answer to one exchange.
struct TransportResponse {
  TransportResponse() = default;
  int status = 0;
  std::string reason;
  std::string_view http_version;  ///< "1.1", "1.0": a literal; empty: the platform does not say
  Headers headers;
  std::unique_ptr<BodySource> body;  ///< null: `whole_body` is all there is, maybe nothing
  std::string whole_body;            ///< a body that came whole with the head, decoded
  std::string final_url;      ///< where the platform followed redirects by itself; else empty
  bool hides_coding = false;  ///< a Content-Length may be that of a body whose coding is not seen
};

/// Sends requests over a platform's own means. Destroying it closes everything at once.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;
  /// One exchange. The answer goes into `response`, which is empty before, and of no use after a
  /// failure. No redirects unless the platform can only follow, no cookies, no timeouts: the caller
  /// destroys the task when time is up. Throws only what an `UploadSource` throws. Lifetime: until
  /// the task has finished or is destroyed, `request` does not change and `response` stays.
  virtual Task<Outcome<Done>> send(std::shared_ptr<const TransportRequest> request,
                                   TransportResponse& response) = 0;
  /// Closes connections that nobody uses, properly (close_notify).
  virtual void close_idle() noexcept = 0;
};

/// A session's transport. `limits` and `tls` are final by then.
[[nodiscard]] std::shared_ptr<Transport> make_transport(const Limits& limits,
                                                        const TlsOptions& tls);

/// Called before the first request whose body is streamed. What a transport needs for those alone
/// may hang on this function, so that a program that streams no body need not carry it.
void enable_uploads() noexcept;
/// The same for requests that choose a mode or a cache mode of the Fetch API: called where one is
/// chosen.
void enable_request_modes() noexcept;

}  // namespace reqivo::detail
