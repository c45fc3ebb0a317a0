// The part of an exchange that comes after the head.
#include <algorithm>
#include <utility>

#include "concatenate.hpp"
#include "content_length.hpp"
#include "exchange.hpp"
#include "scheduler.hpp"

namespace reqivo::detail {
namespace {

/// The most that is reserved on a Content-Length's word.
constexpr std::uint64_t trusted_length = 1024 * 1024;

/// A body that has arrived whole.
class WholeBody final : public BodySource {
 public:
  explicit WholeBody(std::string bytes) : bytes_(std::move(bytes)) {}
  Task<Outcome<std::string>> read() override {
    return [](std::string bytes) -> Task<Outcome<std::string>> {
      co_return bytes;
    }(std::exchange(bytes_, {}));
  }

 private:
  std::string bytes_;
};

/// `length` is what the whole of it is announced to be. False: there is no memory for it.
bool append_piece(std::string& body, const std::string& piece,
                  std::optional<std::uint64_t> length) noexcept try {
  if (length && *length > body.capacity()) {
    body.reserve(static_cast<std::size_t>(std::min(*length, trusted_length)));
  }
  body.append(piece);
  return true;
} catch (...) {  // std::bad_alloc, or what is larger than any string
  return false;
}

}  // namespace

std::unique_ptr<BodySource> make_body_source(std::string bytes) {
  return std::make_unique<WholeBody>(std::move(bytes));
}

/// A read of the body that is under way. Destroyed before `completed`, it aborts the exchange.
class Exchange::Reading {
 public:
  explicit Reading(Exchange& exchange) : exchange_(exchange) {
    if (exchange_.reading_) {
      exchange_.raise(invalid_request("a response body is read by one reader at a time"));
    }
    exchange_.reading_ = true;
    exchange_.consumed_ = true;
    exchange_.progress_->enter(Phase::body);
    exchange_.progress_->moved();  // the time in which nobody read does not count
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() {
    exchange_.reading_ = false;
    if (!completed_) static_cast<void>(exchange_.abort("a read of the stream was cut short"));
  }
  void completed() noexcept { completed_ = true; }
  /// The body may be at hand, and the time be up all the same.
  void check_deadline() {
    const ExchangeProgress& progress = *exchange_.progress_;
    if (auto late = exchange_.deadline_->expired(progress, progress.last_activity())) {
      completed();
      exchange_.fail(std::move(*late));
    }
  }

 private:
  Exchange& exchange_;
  bool completed_ = false;
};

Task<std::optional<std::string>> Exchange::read(std::shared_ptr<Exchange> self) {
  if (self->failure_) self->raise(*self->failure_);
  while (self->rest_.empty()) {
    if (!self->source_) co_return std::nullopt;
    Reading reading(*self);
    reading.check_deadline();
    Supervised<std::string> step(self->source_->read(), self->steps_, *self->deadline_,
                                 *self->progress_, Scheduler::current().loop());
    Outcome<std::string> piece = co_await step;
    reading.completed();
    if (!piece) self->fail(std::move(piece).failure());
    if (piece.value().empty()) {
      self->end_body();
      co_return std::nullopt;
    }
    self->rest_.go_on(std::move(piece).value());
  }
  co_return self->rest_.take();
}

void Exchange::put_back(RestOfPiece rest) noexcept {
  rest_ = std::move(rest);
  rest_.skip_line_feed();
}

RestOfPiece Exchange::take_back() noexcept {
  RestOfPiece rest;
  if (!rest_.empty()) rest = std::exchange(rest_, RestOfPiece());
  return rest;
}

void Exchange::check_line(std::size_t size) {
  if (!body_limit_ || size <= *body_limit_) return;
  fail(Failure(ErrorCode::limit_exceeded, Phase::body,
               concatenate({"a line is longer than the limit of ", decimal(*body_limit_),
                            " bytes for buffered bodies"})));
}

Task<Response> Exchange::buffer(BodyOwner owner, Response response) {
  Exchange& self = *owner.exchange();
  if (self.failure_) self.raise(*self.failure_);
  if (self.consumed_) self.raise(invalid_request("a response body cannot be read twice"));
  self.response_ = std::move(response);
  {
    Reading reading(self);
    reading.check_deadline();
    Supervised<Done> step(self.buffer_body(), self.steps_, *self.deadline_, *self.progress_,
                          Scheduler::current().loop());
    Outcome<Done> done = co_await step;
    reading.completed();
    if (!done) self.fail(std::move(done).failure());
  }
  self.end_body();
  self.response_.elapsed_ = Scheduler::current().loop().now() - self.start_;
  co_return std::move(self.response_);
}

bool Exchange::take_whole_body(bool buffered) {
  std::string& bytes = answer_.whole_body;
  if (bytes.empty()) return true;
  if (!buffered) {
    source_ = make_body_source(std::move(bytes));
    return true;
  }
  if (body_limit_ && bytes.size() > *body_limit_) return false;
  response_.body_ = std::move(bytes);
  return true;
}

Task<Outcome<Done>> Exchange::refuse_body() { co_return over_limit(); }

Task<Outcome<Done>> Exchange::buffer_body() {
  if (!source_) co_return Done();
  const std::optional<std::uint64_t> length = content_length(response_.headers());
  if (length && body_limit_ && *length > *body_limit_ && !answer_.hides_coding) {
    co_return over_limit();
  }
  for (;;) {
    Outcome<std::string> piece = co_await source_->read();
    if (!piece) co_return std::move(piece).failure();
    if (piece.value().empty()) co_return Done();
    std::string& body = response_.body_;
    if (body_limit_ && piece.value().size() > *body_limit_ - body.size()) co_return over_limit();
    if (body.empty()) {
      body = std::move(piece).value();  // very often the whole of it
      continue;
    }
    if (!append_piece(body, piece.value(), length)) {
      co_return Failure(ErrorCode::limit_exceeded, Phase::body, "no memory");
    }
  }
}

Failure Exchange::over_limit() const {
  return Failure(ErrorCode::limit_exceeded, Phase::body,
                 concatenate({"the body is larger than the limit of ", decimal(*body_limit_),
                              " bytes for buffered bodies"}));
}

void Exchange::fail(Failure failure) {
  failure_ = std::move(failure);
  end_body();
  raise(*failure_);
}

}  // namespace reqivo::detail
