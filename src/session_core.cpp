#include <algorithm>
#include <reqivo/detail/recycling_allocator.hpp>
#include <reqivo/detail/session_core.hpp>
#include <reqivo/request.hpp>
#include <utility>

#include "credentials.hpp"
#include "exchange.hpp"
#include "platform/failure.hpp"
#include "session_state.hpp"
#include "unsupported_setting.hpp"

namespace reqivo::detail {
namespace {

/// Waits until no request of a session is without its response.
class AllAnswered {
 public:
  explicit AllAnswered(SessionState& session) noexcept : session_(session) {}
  AllAnswered(const AllAnswered&) = delete;
  AllAnswered& operator=(const AllAnswered&) = delete;
  ~AllAnswered() {
    if (waiting_ != nullptr) std::erase(session_.closers, waiting_);
  }
  [[nodiscard]] bool await_ready() const noexcept { return session_.unanswered == 0; }
  template <KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiting) {
    session_.closers.push_back(&waiting.promise());
    waiting_ = &waiting.promise();
  }
  void await_resume() const noexcept {}

 private:
  SessionState& session_;
  PromiseBase* waiting_ = nullptr;
};

Task<void> close_session(std::shared_ptr<SessionState> session) {
  session->closed = true;
  AllAnswered all_answered(*session);
  co_await all_answered;
  if (session->transport) session->transport->close_idle();
  session->renew_transport();  // streams that are still open hold on to it
}

/// `option` is empty where the backend can do what was asked.
void refuse_unsupported(const SessionState& session, std::string_view option) {
  if (!option.empty()) throw_error(unsupported(option, session));
}

void stop_session(SessionState& session) noexcept {
  session.closed = true;
  session.supervisor.stop_all("the session was destroyed");
  session.renew_transport();
}

}  // namespace

SessionCore::SessionCore() : state_(std::make_shared<SessionState>()) {}

SessionCore::SessionCore(std::string_view base_url) : SessionCore() { this->base_url(base_url); }

SessionCore& SessionCore::operator=(SessionCore&& other) noexcept {
  if (this != &other) {
    const SessionCore old(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

SessionCore::~SessionCore() {
  if (state_) stop_session(*state_);
}

SessionState& SessionCore::state() const {
  if (!state_) throw_error(Failure(ErrorCode::closed, Phase::none, "the session was moved from"));
  return *state_;
}

void SessionCore::base_url(std::string_view url) {
  SessionState& session = state();
  session.base = parse_url(url);
  if (session.base && !session.base->is_http()) session.base.reset();
  session.base_url = url;
}

void SessionCore::default_timeout(const Timeout& limits) {
  SessionState& session = state();
  refuse_unsupported(session, unsupported_setting(limits, *session.capabilities));
  session.timeout = limits;
}

void SessionCore::bearer_token(std::string_view token) {
  state().authorization = bearer_credentials(token);
}

void SessionCore::basic_auth(std::string_view user, std::string_view password) {
  Outcome<std::string> credentials = basic_credentials(user, password);
  if (!credentials) throw_error(credentials.failure());
  state().authorization = std::move(credentials).value();
}

void SessionCore::tls(TlsOptions options) {
  SessionState& session = state();
  refuse_unsupported(session, session.capabilities->tls_options ? "" : "tls");
  session.tls = std::move(options);
  session.renew_transport();
}

void SessionCore::limits(Limits limits) {
  SessionState& session = state();
  const bool bounds_transport = !limits.transport_limit().empty();
  if (!session.capabilities->connection_limits)
    refuse_unsupported(session, limits.transport_limit());
  if (limits.connections() == 0 || limits.connections_per_host() == 0) {
    throw_error(invalid_request("a session without connections could send nothing"));
  }
  const bool renew = bounds_transport || !session.limits.transport_limit().empty() ||
                     limits.upload_buffer() != session.limits.upload_buffer();
  session.limits = limits;
  if (renew) session.renew_transport();
}

void SessionCore::redirect(Redirect mode) {
  SessionState& session = state();
  refuse_unsupported(session, unsupported_setting(mode, *session.capabilities));
  session.redirect = mode;
}

void SessionCore::max_redirects(std::size_t count) {
  SessionState& session = state();
  refuse_unsupported(session, unsupported_max_redirects(*session.capabilities));
  session.max_redirects = count;
}

void SessionCore::decode(bool on) {
  SessionState& session = state();
  refuse_unsupported(session, unsupported_decode(on, *session.capabilities));
  session.decode = on;
}

void SessionCore::fetch(FetchOptions options) {
  SessionState& session = state();
  refuse_unsupported(session, unsupported_setting(options, *session.capabilities));
  session.fetch = std::move(options);
}

void SessionCore::on_request(RequestHook hook) { state().request_hooks.push_back(std::move(hook)); }

void SessionCore::on_response(ResponseHook hook) {
  state().response_hooks.push_back(std::move(hook));
}

Headers& SessionCore::headers() const { return state().headers; }

RequestDraft SessionCore::begin(std::string_view method, std::string_view url) const {
  static_cast<void>(state());
  return RequestDraft(
      std::allocate_shared<Exchange>(RecyclingAllocator<Exchange>(), state_, method, url));
}

Task<void> SessionCore::close() const {
  static_cast<void>(state());
  return close_session(state_);
}

}  // namespace reqivo::detail
