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
  // A server that answered with a redirect has acted on the request, whatever happened after that.
  if (!response_.history_.empty()) told.retryable = false;
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
    Supervised<Done> step(perform(self, true), self->steps_, *self->deadline_, *self->progress_,
                          Scheduler::current().loop());
    Outcome<Done> done = co_await step;
    if (!done) self->raise(done.failure());
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
  {
    Supervised<Done> step(perform(self, false), self->steps_, *self->deadline_, *self->progress_,
                          Scheduler::current().loop());
    Outcome<Done> done = co_await step;
    if (!done) self->raise(done.failure());
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
  Outcome<std::shared_ptr<Transport>> transport = session_->current_transport();
  if (!transport) return std::move(transport).failure();
  transport_ = std::move(transport).value();

  const EventLoop& loop = Scheduler::current().loop();
  start_ = loop.now();
  progress_ =
      std::allocate_shared<ExchangeProgress>(RecyclingAllocator<ExchangeProgress>(), loop, start_);
  deadline_.emplace(resolve_timeout(options_.timeout, *session_), start_,
                    session_->capabilities->connect_timeout);
  max_redirects_ = options_.max_redirects.value_or(session_->max_redirects);
  body_limit_ = session_->limits.body_size();
  request_.progress = progress_;
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

Task<Outcome<Done>> Exchange::perform(std::shared_ptr<Exchange> self, bool buffered) {
  TransportRequest& request = self->request_;
  const FollowRedirect follow =
      self->session_->capabilities->manual_redirects ? self->session_->follow_redirect : nullptr;
  RedirectChain chain(request.redirect, self->max_redirects_);
  for (;;) {
    self->progress_->enter(Phase::url);  // each hop has its own time to connect and to answer
    TransportResponse response;
    Task<Outcome<Done>> sending = self->transport_->send({self, &request}, response);
    Outcome<Done> answered = co_await std::move(sending);
    if (!answered) co_return answered;
    if (follow != nullptr && is_redirect_status(response.status)) {
      Outcome<bool> redirected =
          co_await follow(chain, response, request, self->response_.history_);
      if (!redirected) co_return std::move(redirected).failure();
      if (redirected.value()) continue;
    }
    self->take_head(response);
    auto refused = self->take_whole_body(std::move(response.whole_body), buffered);
    if (refused) co_return std::move(*refused);
    if (!buffered || !self->source_) co_return Done();
    co_return co_await self->buffer_body();
  }
}

void Exchange::take_head(TransportResponse& response) {
  response_.method_ = request_.method;
  response_.status_code_ = response.status;
  response_.reason_ = std::move(response.reason);
  response_.http_version_ = response.http_version;
  response_.headers_ = std::move(response.headers);
  if (!response.final_url.empty()) request_.url = Url(std::move(response.final_url));
  source_ = std::move(response.body);
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
