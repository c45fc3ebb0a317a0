// The native transport: HTTP/1.1 over pooled TCP and TLS connections.
#include "platform/transport.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "misuse.hpp"
#include "native/connector.hpp"
#include "native/decoded_body.hpp"
#include "native/http1_exchange.hpp"
#include "native/pool.hpp"
#include "native/request_head.hpp"
#include "platform/redirects.hpp"

namespace reqivo::native {

using detail::Done;
using detail::Failure;
using detail::Outcome;
using detail::TransportRequest;
using detail::TransportResponse;

namespace {

/// What connections have in common that may serve each other's requests.
class PoolKey {
 public:
  /// Valid until the next call. Mostly the same as the one before.
  [[nodiscard]] const std::string& of(const TransportRequest& request, const Connector& connector) {
    const std::string_view origin = request.url.before_target();
    const bool hides_certificate =
        !request.show_client_certificate && connector.has_client_certificate_for(request.url);
    if (hides_certificate == hides_certificate_ && origin == origin_) return text_;
    hides_certificate_ = hides_certificate;
    origin_ = origin;
    text_ = origin_;
    if (hides_certificate) text_ += " without client certificate";
    return text_;
  }

 private:
  bool hides_certificate_ = false;
  std::string origin_;
  std::string text_;
};

/// What the transport and its running exchanges share.
class Shared {
 public:
  Shared(const Limits& limits, TlsOptions tls) : pool(limits), connector(std::move(tls)) {
    http1.head_size = limits.head_size();
    http1.header_count = limits.header_count();
  }
  Pool pool;
  Connector connector;
  Http1Limits http1;
  PoolKey key;
  ByteBuffer outgoing;  // its memory is used again and again
};

using SharedRequest = std::shared_ptr<const TransportRequest>;

/// A lease, with a connection that can be sent on or without one. None: the pool has no room.
std::optional<Lease> try_lease(Shared& shared, const TransportRequest& request,
                               KeptConnection kept) {
  request.progress->enter(Phase::pool);
  const detail::TimePoint now = request.progress->phase_start();
  auto lease = shared.pool.try_acquire(shared.key.of(request, shared.connector), kept, now);
  if (lease && lease->connection()) request.progress->enter(Phase::send, now);
  return lease;
}

/// Goes on where `lease` is none or without a connection.
Task<Outcome<Lease>> lease_connection(std::shared_ptr<Shared> shared, SharedRequest request,
                                      std::optional<Lease> lease, KeptConnection kept) {
  if (!lease) {
    const std::string& key = shared->key.of(*request, shared->connector);
    lease = co_await shared->pool.acquire(key, kept);
  }
  if (!lease->connection()) {
    auto connected = co_await shared->connector.connect(
        request->url, request->show_client_certificate, request->progress);
    if (!connected.ok()) co_return std::move(connected).failure();
    lease->set_connection(std::move(connected).value());
  }
  co_return std::move(*lease);
}

/// The body with its codings undone, where the request wants that. RFC 9110 §8.4.
Outcome<std::unique_ptr<detail::BodySource>> decode(std::unique_ptr<detail::BodySource> body,
                                                    const Headers& headers) {
  const auto codings = headers.get_all("Content-Encoding");
  if (codings.empty() || !body) return body;
  auto decoder = ContentDecoder::for_codings(codings);
  if (!decoder.ok()) return std::move(decoder).failure();
  if (!decoder.value()) return body;
  return std::unique_ptr<detail::BodySource>(
      std::make_unique<DecodedBody>(std::move(body), std::move(*decoder.value())));
}

/// Hands out what `exchange` has received of the answer, and the rest as it comes.
Outcome<Done> take_answer(Http1Exchange& exchange, bool decode_body, TransportResponse& response) {
  Http1Head& head = exchange.head();
  response.status = head.status;
  response.reason = std::move(head.reason);
  response.http_version = head.minor_version == 0 ? "1.0" : "1.1";
  response.headers = std::move(head.headers);
  response.body = std::move(exchange).take_body(response.whole_body);
  if (!decode_body || !response.headers.contains("Content-Encoding")) return Done();
  if (!response.whole_body.empty()) {
    response.body = detail::make_body_source(std::exchange(response.whole_body, {}));
  }
  auto decoded = decode(std::move(response.body), response.headers);
  if (!decoded.ok()) return std::move(decoded).failure();
  response.body = std::move(decoded).value();
  return Done();
}

/// Sends the request, or begins to. None: `finish_sending`.
std::optional<Outcome<Done>> send_now(Shared& shared, const TransportRequest& request,
                                      Http1Exchange& exchange) {
  if (!Http1Exchange::can_send_now(request.body)) return std::nullopt;
  shared.outgoing.clear();
  append_request_head(shared.outgoing, request);
  // In one packet and one system call with the head.
  if (request.body.bytes()) shared.outgoing.append(*request.body.bytes());
  return exchange.send_now(shared.outgoing.view());
}

Task<Outcome<Done>> finish_sending(const TransportRequest& request, Http1Exchange& exchange) {
  if (Http1Exchange::can_send_now(request.body)) return exchange.finish_sending();
  ByteBuffer head;
  append_request_head(head, request);
  return exchange.send(std::string(head.view()), request.body);
}

Task<Outcome<Done>> send_request(std::shared_ptr<Shared> shared, SharedRequest request,
                                 TransportResponse& response) {
  if (auto conflict = framing_conflict(*request)) co_return std::move(*conflict);
  const bool replayable = may_replay(*request);
  KeptConnection kept = replayable ? KeptConnection::any : KeptConnection::checked;
  for (;;) {
    auto lease = try_lease(*shared, *request, kept);
    if (!lease || !lease->connection()) {
      auto leased = co_await lease_connection(shared, request, std::move(lease), kept);
      if (!leased.ok()) co_return std::move(leased).failure();
      lease = std::move(leased).value();
    }
    const bool reused = lease->reused();
    Http1Exchange exchange(std::move(*lease), request->progress, shared->http1,
                           request->method == "HEAD");
    if (asks_to_close(request->headers)) exchange.forbid_reuse();

    Outcome<Done> sent = Done();
    if (auto at_once = send_now(*shared, *request, exchange)) {
      sent = std::move(*at_once);
    } else {
      sent = co_await finish_sending(*request, exchange);
    }
    const bool connection_ended = !sent.ok() && sent.failure().code == ErrorCode::connection_closed;
    if (!sent.ok() && !connection_ended) co_return std::move(sent).failure();
    // A server that refuses a body may answer and close before it has read it all: the answer
    // counts.
    auto receiving = exchange.receive_head();
    while (!receiving) {
      Outcome<Connection::Arrival> arrival = co_await exchange.fill_head();
      receiving = exchange.receive_head(std::move(arrival));
    }
    Outcome<Done>& received = *receiving;
    if (received.ok()) {
      if (connection_ended) exchange.forbid_reuse();
      co_return take_answer(exchange, request->decode, response);
    }
    // A kept connection that ends before any byte of the answer: most likely the server had closed
    // it.
    const bool stale = reused && !exchange.answer_started() &&
                       received.failure().code == ErrorCode::connection_closed;
    if (stale && replayable) {
      request->progress->will_send_again();
      kept = KeptConnection::none;  // and so there is no third time
      continue;
    }
    // A server that refuses a client in TLS, or answers nonsense, closes after it has said so.
    const bool told_why = received.failure().code != ErrorCode::connection_closed;
    co_return connection_ended && !told_why ? std::move(sent).failure()
                                            : std::move(received).failure();
  }
}

/// For as long as the process lives.
void keep(std::shared_ptr<Shared> shared) {
  static std::mutex mutex;
  static auto* const kept = new std::vector<std::shared_ptr<Shared>>;  // not destroyed at exit
  const std::lock_guard lock(mutex);
  kept->push_back(std::move(shared));
}

/// Its connections and timers are those of the event loop of the thread that made it.
class NativeTransport final : public detail::Transport {
 public:
  NativeTransport(const Limits& limits, TlsOptions tls)
      : shared_(std::make_shared<Shared>(limits, std::move(tls))) {}
  NativeTransport(const NativeTransport&) = delete;
  NativeTransport& operator=(const NativeTransport&) = delete;
  /// On another thread, as where that one ends the process, they are left to their own loop.
  ~NativeTransport() override {
    if (on_its_thread()) return;
    std::fputs("reqivo: a session was destroyed on another thread than that of its requests\n",
               stderr);
    keep(std::move(shared_));
  }

  Task<Outcome<Done>> send(std::shared_ptr<const TransportRequest> request,
                           TransportResponse& response) override {
    if (!on_its_thread()) {
      detail::throw_misuse("reqivo: a session stays on the thread of its first request");
    }
    return send_request(shared_, std::move(request), response);
  }
  void close_idle() noexcept override { shared_->pool.close_idle(); }

 private:
  [[nodiscard]] bool on_its_thread() const noexcept {
    return std::this_thread::get_id() == thread_;
  }
  std::shared_ptr<Shared> shared_;
  std::thread::id thread_ = std::this_thread::get_id();
};

}  // namespace
}  // namespace reqivo::native

namespace reqivo::detail {

std::shared_ptr<Transport> make_transport(const Limits& limits, const TlsOptions& tls) {
  return std::make_shared<native::NativeTransport>(limits, tls);
}

void enable_uploads() noexcept {}
void enable_request_modes() noexcept {}

FollowRedirect redirect_follower() noexcept { return follow_redirect; }

}  // namespace reqivo::detail
