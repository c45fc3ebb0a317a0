#include "exchange.hpp"

#include <reqivo/detail/recycling_allocator.hpp>
#include <utility>

#include "platform/event_loop.hpp"
#include "redirect.hpp"
#include "scheduler.hpp"

namespace reqivo::detail {

/// A request that its session knows of and that has no response yet.
class Exchange::Unanswered {
 public:
  explicit Unanswered(Exchange& exchange) noexcept : exchange_(exchange) {
    exchange_.session_->request_began();
    exchange_.reading_ = true;
    exchange_.enter();
  }
  Unanswered(const Unanswered&) = delete;
  Unanswered& operator=(const Unanswered&) = delete;
  ~Unanswered() {
    exchange_.reading_ = false;
    if (!handed_out_) exchange_.end_body();
    exchange_.session_->request_ended();
  }
  /// The response is a stream: its body goes on being the session's.
  void hand_out_stream() noexcept { handed_out_ = true; }

 private:
  Exchange& exchange_;
  bool handed_out_ = false;
};

Exchange::Exchange(std::shared_ptr<SessionState> session, std::string_view method,
                   std::string_view url)
    : Step(session->supervisor), session_(std::move(session)) {
  options_.url = url;
  options_.method = method;
  if (auto refused = normalize_method(options_.method)) options_.refuse(std::move(*refused));
}

Exchange::~Exchange() {
  leave();  // before the session goes
}

void Exchange::raise(const Failure& failure) const {
  Failure told = failure;
  // A server that answered with a redirect has acted on the request, and one that was sent it
  // before may have, whatever happened after that.
  const bool sent_before = progress_ && progress_->sent_before();
  if (sent_before || !response_.history_.empty()) told.retryable = false;
  // A base URL that does not parse is what is wrong.
  const std::string* url = &request_.url.href();
  if (url->empty()) url = session_->has_bad_base() ? &session_->base_url : &options_.url;
  throw_failure(told, request_.method.empty() ? options_.method : request_.method, *url);
}

// ---- before the head

Task<Response> Exchange::send(std::shared_ptr<Exchange> self) {
  Outcome<Done> begun = self->begin();
  if (!begun) self->raise(begun.failure());
  {
    const Unanswered unanswered(*self);
    self->run_request_hooks();
    for (Task<Outcome<Done>> step = ask(self); step; step = next_step(self, true)) {
      Supervised<Done> supervised(std::move(step), self->steps_, *self->deadline_, *self->progress_,
                                  Scheduler::current().loop());
      Outcome<Done> done = co_await supervised;
      self->check(done);
    }
  }
  self->response_.url_ = std::move(self->request_.url).href();  // whose last use this is
  self->finish_response();
  co_return std::move(self->response_);
}

Task<StreamResponse> Exchange::open(std::shared_ptr<Exchange> self) {
  Outcome<Done> begun = self->begin();
  if (!begun) self->raise(begun.failure());
  Unanswered unanswered(*self);
  self->run_request_hooks();
  for (Task<Outcome<Done>> step = ask(self); step; step = next_step(self, false)) {
    Supervised<Done> supervised(std::move(step), self->steps_, *self->deadline_, *self->progress_,
                                Scheduler::current().loop());
    Outcome<Done> done = co_await supervised;
    self->check(done);
  }
  self->response_.url_ = self->request_.url.href();
  self->finish_response();
  if (self->failure_) self->raise(*self->failure_);  // a hook has ended the session
  StreamResponse stream;
  static_cast<ResponseHead&>(stream) = std::move(self->response_);
  stream.body_ = BodyOwner(self);
  if (self->source_) unanswered.hand_out_stream();
  co_return stream;
}

Outcome<Done> Exchange::begin() {
  if (session_->closed) {
    return Failure(ErrorCode::closed, Phase::none, "the session is closed");
  }
  Outcome<Done> prepared = prepare_request(options_, *session_, request_);
  if (!prepared) return prepared;
  transport_ = session_->current_transport();

  const EventLoop& loop = Scheduler::current().loop();
  start_ = loop.now();
  progress_ =
      std::allocate_shared<ExchangeProgress>(RecyclingAllocator<ExchangeProgress>(), loop, start_);
  deadline_.emplace(resolve_timeout(options_.timeout, *session_), start_,
                    session_->capabilities->connect_timeout);
  max_redirects_ = options_.max_redirects.value_or(session_->max_redirects);
  body_limit_ = options_.body_limit.value_or(session_->limits.body_size());
  request_.progress = progress_;
  // A total of no time at all: no connection that is at hand may be quicker.
  if (auto late = deadline_->expired(*progress_, start_)) return std::move(*late);
  return Done();
}

void Exchange::run_request_hooks() {
  Request request(request_.method, request_.url.href(), request_.headers);
  // By index: a hook may add hooks.
  for (std::size_t i = 0; i < session_->request_hooks.size(); ++i) {
    const RequestHook hook = session_->request_hooks[i];
    hook(request);
  }
}

/// A step may succeed in the very turn in which the exchange is aborted.
void Exchange::check(Outcome<Done>& done) const {
  if (!done) raise(done.failure());
  if (failure_) raise(*failure_);
}

Task<Outcome<Done>> Exchange::ask(std::shared_ptr<Exchange> self) {
  Exchange& exchange = *self;
  return exchange.transport_->send({std::move(self), &exchange.request_}, exchange.answer_);
}

Task<Outcome<Done>> Exchange::next_step(const std::shared_ptr<Exchange>& self, bool buffered) {
  Exchange& exchange = *self;
  if (exchange.may_lead_on()) return follow_redirects(self);
  if (exchange.source_) return {};  // its body has been read
  exchange.take_head();
  if (!exchange.take_whole_body(buffered)) return exchange.refuse_body();
  if (buffered && exchange.source_) return exchange.buffer_body();
  return {};
}

bool Exchange::may_lead_on() const noexcept {
  return !answer_is_final_ && is_redirect_status(answer_.status) &&
         session_->capabilities->manual_redirects;
}

Task<Outcome<Done>> Exchange::follow_redirects(std::shared_ptr<Exchange> self) {
  TransportRequest& request = self->request_;
  RedirectChain chain(request.redirect, self->max_redirects_);
  while (self->may_lead_on()) {
    Outcome<bool> redirected = co_await self->session_->follow_redirect(
        chain, self->answer_, request, self->response_.history_);
    if (!redirected) co_return std::move(redirected).failure();
    self->answer_is_final_ = !redirected.value();
    if (!redirected.value()) break;
    self->progress_->enter(Phase::url);  // each hop has its own time to connect and to answer
    self->answer_ = TransportResponse();
    Outcome<Done> answered = co_await ask(self);
    if (!answered) co_return answered;
  }
  co_return Done();
}

void Exchange::take_head() {
  response_.method_ = request_.method;
  response_.status_code_ = answer_.status;
  response_.reason_ = std::move(answer_.reason);
  response_.http_version_ = answer_.http_version;
  response_.headers_ = std::move(answer_.headers);
  if (!answer_.final_url.empty()) request_.url = Url(std::move(answer_.final_url));
  source_ = std::move(answer_.body);
  // A generator that was sent is its caller's no longer: it goes as early as it can.
  if (!request_.body.empty()) request_.body = RequestBody();
}

/// Adds what only its end tells to the response, and lets the hooks see it.
void Exchange::finish_response() {
  response_.elapsed_ = Scheduler::current().loop().now() - start_;
  for (std::size_t i = 0; i < session_->response_hooks.size(); ++i) {
    const ResponseHook hook = session_->response_hooks[i];
    hook(response_);
  }
}

// ---- the end

bool Exchange::stop() noexcept { return abort(session_->supervisor.reason()); }

bool Exchange::abort(std::string_view reason) noexcept {
  if (!failure_) failure_.emplace(ErrorCode::closed, Phase::body, std::string(reason));
  // Without a step, whoever reads is on the stack and finds out when it next waits.
  const bool can_end = steps_.any() || !reading_;
  if (!steps_.stop_all(reason) || !can_end) return false;
  end_body();
  return true;
}

void Exchange::end_body() noexcept {
  source_.reset();
  answer_.body.reset();
  transport_.reset();
  leave();
}

void Exchange::remove_owner() noexcept {
  if (--owners_ == 0 && source_) static_cast<void>(abort("the stream was destroyed"));
}

Response Exchange::response_of(ResponseHead head) {
  Response response;
  static_cast<ResponseHead&>(response) = std::move(head);
  return response;
}

}  // namespace reqivo::detail
