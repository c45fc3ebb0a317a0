#include "native/http1_exchange.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "native/error_map.hpp"
#include "native/turn_taking.hpp"
#include "scheduler.hpp"
#include "upload_length.hpp"

namespace reqivo::native {

using detail::Done;
using detail::Failure;
using detail::Outcome;

namespace {

/// Up to here a body is copied behind the head, so that both go in one packet and one system call.
constexpr std::size_t joined_with_head = 16 * 1024;
/// Bodies above this are watched for an answer that comes while they are sent.
constexpr std::size_t watched_body = 64 * 1024;
/// The most that one chunk holds: large enough that what each costs counts little, small enough to
/// stay in the processor's cache.
constexpr std::size_t largest_chunk = 256 * 1024;
/// Chunks of a chunked body below this are cheaper to take from a buffer, several at once.
constexpr std::size_t worth_a_read = 64 * 1024;
/// How long a server that has answered in full may take no byte of the request.
constexpr std::chrono::seconds patience_after_answer(1);

}  // namespace

Http1Exchange::Http1Exchange(Lease lease, std::shared_ptr<detail::ExchangeProgress> progress,
                             const Http1Limits& limits, bool response_to_head)
    : lease_(std::move(lease)), progress_(std::move(progress)) {
  parser().start(response_to_head, limits);
  lease_.connection()->set_progress(progress_);
}

// ---- sending

Task<Outcome<Done>> Http1Exchange::send(std::string head, detail::RequestBody body) {
  progress_->enter(Phase::send);
  const bool watched = body.source() || (body.bytes() && body.bytes()->size() > watched_body);
  if (watched) return send_watched(std::move(head), std::move(body));
  return lease_.connection()->write(OutgoingBytes(std::move(head), body.bytes()));
}

bool Http1Exchange::can_send_now(const detail::RequestBody& body) noexcept {
  return !body.source() && (!body.bytes() || body.bytes()->size() <= joined_with_head);
}

std::optional<Outcome<Done>> Http1Exchange::send_now(std::string_view request) {
  progress_->enter(Phase::send);
  return lease_.connection()->write_now(request);
}

Task<Outcome<Done>> Http1Exchange::finish_sending() { return lease_.connection()->finish_write(); }

Task<Outcome<Done>> Http1Exchange::send_watched(std::string head, detail::RequestBody body) {
  upload_ =
      std::make_unique<Upload>(*lease_.connection(), progress_, std::move(head), std::move(body));
  for (;;) {
    co_await upload_->news();
    if (upload_->done()) {
      const std::unique_ptr<Upload> upload = std::move(upload_);
      co_return upload->take();
    }
    if (rejected_early()) {
      stop_sending();
      co_return Done();
    }
    if (head_received_) co_return Done();  // whoever reads the answer lets the rest go on
  }
}

bool Http1Exchange::rejected_early() {
  const bool more_may_come = lease_.connection()->take_early_input();
  auto parsed = parse_head();
  if (!parsed.ok()) {
    early_failure_ = std::move(parsed).failure();
    return true;
  }
  if (head_received_) return detail::refuses_upload(parser().head().status);
  if (!more_may_come) awaits_head_in_ = Phase::send;  // in vain, however much is sent
  return !more_may_come;
}

void Http1Exchange::stop_sending() noexcept {
  upload_->abandon();
  upload_.reset();
  reusable_ = false;
}

// ---- receiving

std::optional<Outcome<Done>> Http1Exchange::receive_head() {
  progress_->enter(Phase::head, progress_->last_activity());
  if (early_failure_) return std::move(*early_failure_);
  if (!head_received_) {
    auto parsed = parse_head();
    if (!parsed.ok()) return std::move(parsed).failure();
    if (!parsed.value()) return std::nullopt;
  }
  progress_->enter(Phase::body, progress_->last_activity());
  return Done();
}

std::optional<Outcome<Done>> Http1Exchange::receive_head(Outcome<Connection::Arrival> arrival) {
  if (!arrival.ok()) return std::move(arrival).failure();
  if (arrival.value() != Connection::Arrival::end) return receive_head();
  if (!parser().started()) return closed_by_peer(awaits_head_in_);
  static_cast<void>(parser().finish());
  return parser().failure();
}

Outcome<bool> Http1Exchange::parse_head() {
  Connection& connection = *lease_.connection();
  while (!connection.input().empty()) {
    const Http1Parser::Step step = parser().feed(connection.input());
    connection.consume(step.consumed);
    if (step.event == Http1Parser::Event::failed) return parser().failure();
    if (step.event == Http1Parser::Event::head) {
      head_received_ = true;
      return true;
    }
  }
  return false;
}

Outcome<bool> Http1Exchange::parse_body(std::string& to) {
  Connection& connection = *lease_.connection();
  for (;;) {
    const std::string_view input = connection.input();
    const Http1Parser::Step step = parser().feed(input);
    if (step.event == Http1Parser::Event::body) to.append(parser().body_part());
    connection.consume(step.consumed);
    if (step.event == Http1Parser::Event::failed) return parser().failure();
    if (step.event == Http1Parser::Event::complete) return true;
    if (step.event == Http1Parser::Event::need_more) return false;
  }
}

bool Http1Exchange::prepare(BodyChunk& chunk) {
  if (!lease_.connection()->input().empty()) return false;
  const std::uint64_t certain = parser().certain_body();
  const bool by_chunks = !parser().remaining_length().has_value();
  if (certain == 0 || (by_chunks && certain < worth_a_read)) return false;
  chunk.make_room(static_cast<std::size_t>(std::min<std::uint64_t>(certain, largest_chunk)));
  return true;
}

Outcome<bool> Http1Exchange::parse_chunk(BodyChunk& chunk, std::string& to) {
  if (!chunk.received().empty()) {
    const Http1Parser::Step step = parser().feed(chunk.received());
    if (step.event == Http1Parser::Event::failed) return parser().failure();
    to = chunk.take();
  }
  return parse_body(to);
}

void Http1Exchange::finish() {
  Connection& connection = *lease_.connection();
  const bool clean = reusable_ && parser().keep_alive() && !connection.has_surplus() &&
                     !connection.write_unfinished();
  if (clean) {
    lease_.give_back(progress_->last_activity());
  } else {
    connection.close();
    lease_ = Lease();
  }
}

/// A body that still arrives, or whose request is still being sent.
class Http1Body final : public detail::BodySource {
 public:
  /// `first` has come already; `answered`: that is all.
  Http1Body(Http1Exchange exchange, std::string first, bool answered) noexcept
      : exchange_(std::move(exchange)), ready_(std::move(first)), answered_(answered) {}

  /// Ends the exchange abruptly; every read gives `failure` from here on.
  void fail_with(Failure failure) {
    failure_ = std::move(failure);
    exchange_.upload_.reset();
    exchange_.lease_ = Lease();
  }

  Task<Outcome<std::string>> read() override {
    if (turns_.others_turn()) co_await detail::NextTurn();
    while (ready_.empty() && !ended_ && !failure_) {
      Connection& connection = *exchange_.lease_.connection();
      if (exchange_.sending()) {
        if (answered_ && rest_is_in_vain()) {
          exchange_.stop_sending();
          finish_if_done();
        } else {
          co_await exchange_.upload_->news(patience());
          take_while_sending();
        }
        continue;
      }
      BodyChunk* const chunk = exchange_.prepare(chunk_) ? &chunk_ : nullptr;
      Outcome<Connection::Arrival> arrival = co_await connection.fill(Phase::body, chunk);
      take(std::move(arrival));
    }
    if (failure_) co_return *failure_;
    co_return std::exchange(ready_, {});
  }

 private:
  /// Parses what is at hand into `ready_`, or notes the end or the failure.
  void parse() {
    auto parsed = exchange_.parse_chunk(chunk_, ready_);
    if (parsed.ok()) {
      answered_ = parsed.value();
    } else {
      fail_with(std::move(parsed).failure());
    }
    finish_if_done();
  }
  void take(Outcome<Connection::Arrival> arrival) {
    if (!arrival.ok()) {
      fail_with(std::move(arrival).failure());
    } else if (arrival.value() == Connection::Arrival::bytes) {
      parse();
    } else if (arrival.value() == Connection::Arrival::nothing) {
      return;
    } else if (exchange_.parser().finish()) {
      answered_ = true;
      finish_if_done();
    } else {
      fail_with(exchange_.parser().failure());
    }
  }
  [[nodiscard]] std::optional<Duration> patience() const noexcept {
    return answered_ ? std::optional<Duration>(patience_after_answer) : std::nullopt;
  }
  /// The server closes the connection behind its answer (RFC 9112 §9.6), or takes no more.
  [[nodiscard]] bool rest_is_in_vain() const {
    return !exchange_.parser().keep_alive() || exchange_.upload_->stalled(patience_after_answer);
  }
  /// The server answers while it takes the request in: whichever of the two can go on does. What a
  /// server does not take does not spoil its answer.
  void take_while_sending() {
    if (exchange_.upload_->done()) {
      take_sent();
      if (!failure_) finish_if_done();
      return;
    }
    Connection& connection = *exchange_.lease_.connection();
    const bool more_may_come = connection.take_early_input();
    const bool surplus = answered_ && !connection.input().empty();
    if (!more_may_come || surplus) exchange_.stop_sending();
    if (answered_) {
      finish_if_done();
    } else {
      parse();
    }
  }
  /// Throws what an UploadSource throws.
  void take_sent() {
    const std::unique_ptr<Upload> upload = std::move(exchange_.upload_);
    const bool reusable = std::exchange(exchange_.reusable_, false);
    Outcome<Done> sent = upload->take();
    exchange_.reusable_ = reusable && sent.ok();
    const bool callers_fault = !sent.ok() && sent.failure().code == ErrorCode::invalid_request;
    if (callers_fault) fail_with(std::move(sent).failure());
  }
  void finish_if_done() {
    if (!answered_ || exchange_.sending()) return;
    ended_ = true;
    exchange_.finish();
  }

  Http1Exchange exchange_;
  BodyChunk chunk_;
  std::string ready_;
  std::optional<Failure> failure_;
  TurnTaking turns_;
  bool answered_;       // the response is complete
  bool ended_ = false;  // and so is the request
};

std::unique_ptr<detail::BodySource> Http1Exchange::take_body(std::string& whole) && {
  auto parsed = parse_body(whole);
  const bool answered = parsed.ok() && parsed.value();
  if (answered && !sending()) {
    finish();
    return nullptr;
  }
  constexpr std::uint64_t large = 64 * 1024;
  if (parsed.ok() && !answered && parser().remaining_length().value_or(large) >= large) {
    lease_.connection()->expect_large_body();
  }
  auto body = std::make_unique<Http1Body>(std::move(*this), std::exchange(whole, {}), answered);
  if (!parsed.ok()) body->fail_with(std::move(parsed).failure());
  return body;
}

}  // namespace reqivo::native
