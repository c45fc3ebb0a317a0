#include "support/fake_transport.hpp"

#include <utility>

#include "redirect.hpp"

namespace reqivo::test {

using detail::BodySource;
using detail::Done;
using detail::ExchangeProgress;
using detail::Failure;
using detail::Outcome;
using detail::Transport;
using detail::TransportRequest;
using detail::TransportResponse;

namespace {

using SharedState = std::shared_ptr<FakeServer::State>;

class Open {
 public:
  explicit Open(SharedState state) : state_(std::move(state)) { ++state_->open; }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  ~Open() { --state_->open; }

 private:
  SharedState state_;
};

class FakeBody final : public BodySource {
 public:
  FakeBody(SharedState state, std::vector<Piece> pieces, std::shared_ptr<ExchangeProgress> progress)
      : state_(std::move(state)),
        open_(state_),
        pieces_(std::move(pieces)),
        progress_(std::move(progress)) {}
  ~FakeBody() override {
    if (!ended_) ++state_->aborted;
  }
  Task<Outcome<std::string>> read() override { return read_from(*this); }

 private:
  static Task<Outcome<std::string>> read_from(FakeBody& body) {
    ++body.state_->reads;
    if (body.at_ == body.pieces_.size()) {
      body.ended_ = true;
      co_return std::string();
    }
    const Piece& piece = body.pieces_[body.at_++];
    if (piece.delay != Duration(std::chrono::seconds(0))) co_await sleep(piece.delay);
    body.progress_->moved();
    if (piece.failure) co_return Failure(*piece.failure);
    co_return std::string(piece.bytes);
  }

  SharedState state_;
  Open open_;
  std::vector<Piece> pieces_;
  std::shared_ptr<ExchangeProgress> progress_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

Sent record(const TransportRequest& request) {
  Sent sent;
  sent.method = request.method;
  sent.url = request.url.href();
  sent.headers = request.headers;
  sent.has_body = !request.body.empty();
  sent.streamed = request.body.source() != nullptr;
  sent.length = request.body.length();
  sent.decode = request.decode;
  sent.redirect = request.redirect;
  if (request.body.bytes()) sent.body = *request.body.bytes();
  return sent;
}

Task<Outcome<Done>> exchange(SharedState state, std::shared_ptr<const TransportRequest> sending,
                             TransportResponse& response) {
  const TransportRequest& request = *sending;
  const Open open(state);
  Sent sent = record(request);
  if (const auto source = request.body.source()) {
    request.progress->enter(Phase::send);
    while (std::optional<std::string> piece = co_await source->next()) sent.body += *piece;
  }
  state->sent.push_back(std::move(sent));
  Answer answer;
  if (!state->answers.empty()) {
    answer = std::move(state->answers.front());
    state->answers.pop_front();
  }
  if (answer.on_request) answer.on_request();
  for (const auto& [phase, time] : answer.steps) {
    request.progress->enter(phase);
    co_await sleep(time);
  }
  if (answer.failure) co_return std::move(*answer.failure);
  request.progress->enter(Phase::head);
  response.status = answer.status;
  response.reason = answer.reason;
  response.http_version = "1.1";
  response.headers = std::move(answer.headers);
  response.final_url = answer.final_url;
  if (!answer.pieces.empty()) {
    request.progress->enter(Phase::body);
    response.body = std::make_unique<FakeBody>(state, std::move(answer.pieces), request.progress);
  }
  co_return Done();
}

class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(SharedState state) : state_(std::move(state)) {
    ++state_->transports_made;
    ++state_->transports_alive;
  }
  ~FakeTransport() override { --state_->transports_alive; }
  Task<Outcome<Done>> send(std::shared_ptr<const TransportRequest> request,
                           TransportResponse& response) override {
    return exchange(state_, std::move(request), response);
  }
  void close_idle() noexcept override { ++state_->idle_closed; }

 private:
  SharedState state_;
};

class FakeTransports final : public detail::SessionState::TransportFactory {
 public:
  explicit FakeTransports(SharedState state) : state_(std::move(state)) {}
  std::shared_ptr<Transport> make(const Limits&, const TlsOptions&) override {
    return std::make_shared<FakeTransport>(state_);
  }

 private:
  SharedState state_;
};

}  // namespace

const Capabilities& FakeServer::able() noexcept {
  static constexpr Capabilities everything{
      .backend = "fake", .stored_credentials = true, .http_cache = true, .integrity = true};
  return everything;
}

void FakeServer::use(detail::SessionState& session) {
  session.follow_redirect = detail::follow_redirect;
  session.transports = std::make_unique<FakeTransports>(state_);
}

}  // namespace reqivo::test
