// The native transport: HTTP/1.1 over pooled TCP and TLS connections.
#include "platform/transport.hpp"

#include <utility>

#include "native/connector.hpp"
#include "native/decoded_body.hpp"
#include "native/http1_exchange.hpp"
#include "native/pool.hpp"
#include "native/request_head.hpp"
#include "platform/redirects.hpp"
#include "redirect.hpp"

namespace reqivo::native {

using detail::Done;
using detail::Failure;
using detail::Outcome;
using detail::TransportRequest;
using detail::TransportResponse;

namespace {

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
  std::string key;  // of the pool; its memory is used again
};

/// What connections have in common that may serve each other's requests.
void write_pool_key(std::string& to, const Connector& connector, const TransportRequest& request) {
  const detail::Url& url = request.url;
  to.assign(url.scheme).append("://").append(url.host).append(":").append(std::to_string(url.port));
  if (!request.show_client_certificate && connector.has_client_certificate_for(url)) {
    to += " without client certificate";
  }
}

using SharedRequest = std::shared_ptr<const TransportRequest>;

/// A lease, with a connection that can be sent on or without one. None: the pool has no room.
std::optional<Lease> try_lease(Shared& shared, const TransportRequest& request,
                               KeptConnection kept) {
  request.progress->enter(Phase::pool);
  write_pool_key(shared.key, shared.connector, request);
  const detail::TimePoint now = request.progress->phase_start();
  auto lease = shared.pool.try_acquire(shared.key, kept, now);
  if (lease && lease->connection()) request.progress->enter(Phase::send, now);
  return lease;
}

/// Goes on where `lease` is none or without a connection.
Task<Outcome<Lease>> lease_connection(std::shared_ptr<Shared> shared, SharedRequest request,
                                      std::optional<Lease> lease, KeptConnection kept) {
  if (!lease) {
    write_pool_key(shared->key, shared->connector, *request);
    lease = co_await shared->pool.acquire(shared->key, kept);
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

Outcome<TransportResponse> make_response(Http1Exchange exchange, bool decode_body) {
  Http1Head head = exchange.take_head();
  TransportResponse response;
  response.status = head.status;
  response.reason = std::move(head.reason);
  response.http_version = head.minor_version == 0 ? "1.0" : "1.1";
  response.headers = std::move(head.headers);
  response.body = std::move(exchange).take_body(response.whole_body);
  if (!decode_body || !response.headers.contains("Content-Encoding")) return response;
  if (!response.whole_body.empty()) {
    response.body = detail::make_body_source(std::exchange(response.whole_body, {}));
  }
  auto decoded = decode(std::move(response.body), response.headers);
  if (!decoded.ok()) return std::move(decoded).failure();
  response.body = std::move(decoded).value();
  return response;
}

Task<Outcome<TransportResponse>> send_request(std::shared_ptr<Shared> shared,
                                              SharedRequest request) {
  const bool replayable = may_replay(*request);
  KeptConnection kept = replayable ? KeptConnection::any : KeptConnection::checked;
  for (;;) {
    auto head = make_request_head(*request);
    if (!head.ok()) co_return std::move(head).failure();
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
    if (Http1Exchange::can_send_now(request->body)) {
      auto at_once = exchange.send_now(std::move(head).value(), request->body);
      if (at_once) {
        sent = std::move(*at_once);
      } else {
        sent = co_await exchange.finish_sending();
      }
    } else {
      sent = co_await exchange.send(std::move(head).value(), request->body);
    }
    const bool connection_ended = !sent.ok() && sent.failure().code == ErrorCode::connection_closed;
    if (!sent.ok() && !connection_ended) co_return std::move(sent).failure();
    // A server that refuses a body may answer and close before it has read it all: the answer
    // counts.
    auto received = co_await exchange.receive_head();
    if (received.ok()) {
      if (connection_ended) exchange.forbid_reuse();
      co_return make_response(std::move(exchange), request->decode);
    }
    // A kept connection that ends before any byte of the answer: most likely the server had closed
    // it.
    const bool stale = reused && !exchange.answer_started() &&
                       received.failure().code == ErrorCode::connection_closed;
    if (stale && replayable) {
      kept = KeptConnection::none;  // and so there is no third time
      continue;
    }
    co_return connection_ended ? std::move(sent).failure() : std::move(received).failure();
  }
}

class NativeTransport final : public detail::Transport {
 public:
  NativeTransport(const Limits& limits, TlsOptions tls)
      : shared_(std::make_shared<Shared>(limits, std::move(tls))) {}

  Task<Outcome<TransportResponse>> send(std::shared_ptr<const TransportRequest> request) override {
    return send_request(shared_, std::move(request));
  }
  void close_idle() noexcept override { shared_->pool.close_idle(); }

 private:
  std::shared_ptr<Shared> shared_;
};

}  // namespace
}  // namespace reqivo::native

namespace reqivo::detail {

Outcome<std::unique_ptr<Transport>> make_transport(const Limits& limits, const TlsOptions& tls) {
  return std::unique_ptr<Transport>(std::make_unique<native::NativeTransport>(limits, tls));
}

void enable_uploads() noexcept {}

FollowRedirect redirect_follower() noexcept { return follow_redirect; }

}  // namespace reqivo::detail
