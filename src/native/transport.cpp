// The native transport: HTTP/1.1 over pooled TCP and TLS connections.
#include "platform/transport.hpp"

#include <utility>

#include "native/connector.hpp"
#include "native/decoded_body.hpp"
#include "native/http1_exchange.hpp"
#include "native/pool.hpp"
#include "native/request_head.hpp"

namespace reqivo::native {

using detail::Done;
using detail::ExchangeProgress;
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
};

/// The answer to one attempt, and whether it may be tried once more on a new connection.
class Attempt {
 public:
  explicit Attempt(Outcome<std::unique_ptr<Http1Exchange>> what, bool stale = false)
      : result(std::move(what)), stale_connection(stale) {}
  Outcome<std::unique_ptr<Http1Exchange>> result;
  /// A kept connection ended before any byte of the answer: most likely the server had closed it.
  bool stale_connection;
};

/// What connections have in common that may serve each other's requests.
std::string pool_key(const Connector& connector, const TransportRequest& request) {
  const detail::Url& url = request.url;
  std::string key = url.scheme + "://" + url.host + ":" + std::to_string(url.port);
  if (!request.show_client_certificate && connector.has_client_certificate_for(url)) {
    key += " without client certificate";
  }
  return key;
}

using SharedRequest = std::shared_ptr<const TransportRequest>;

Task<Outcome<Lease>> lease_connection(std::shared_ptr<Shared> shared, SharedRequest request,
                                      bool fresh) {
  request->progress->enter(Phase::pool);
  Lease lease = co_await shared->pool.acquire(pool_key(shared->connector, *request), fresh);
  if (!lease.connection()) {
    auto connected = co_await shared->connector.connect(
        request->url, request->show_client_certificate, request->progress);
    if (!connected.ok()) co_return std::move(connected).failure();
    lease.set_connection(std::move(connected).value());
  }
  co_return lease;
}

/// Sends the request over one connection and waits for the head of the answer.
Task<Attempt> attempt(std::shared_ptr<Shared> shared, SharedRequest request, bool fresh) {
  auto head = make_request_head(*request);
  if (!head.ok()) co_return Attempt(std::move(head).failure());
  auto leased = co_await lease_connection(shared, request, fresh);
  if (!leased.ok()) co_return Attempt(std::move(leased).failure());
  Lease lease = std::move(leased).value();
  const bool reused = lease.reused();
  auto exchange = std::make_unique<Http1Exchange>(std::move(lease), request->progress,
                                                  shared->http1, request->method == "HEAD");
  if (asks_to_close(request->headers)) exchange->forbid_reuse();
  auto sent = co_await exchange->send(std::move(head).value(), request->body);
  const bool connection_ended = !sent.ok() && sent.failure().code == ErrorCode::connection_closed;
  if (!sent.ok() && !connection_ended) co_return Attempt(std::move(sent).failure());
  // A server that refuses a body may answer and close before it has read it all: the answer counts.
  auto received = co_await exchange->receive_head();
  if (received.ok()) {
    if (connection_ended) exchange->forbid_reuse();
    co_return Attempt(std::move(exchange));
  }
  const bool stale = reused && !exchange->answer_started() &&
                     received.failure().code == ErrorCode::connection_closed;
  co_return Attempt(connection_ended ? std::move(sent).failure() : std::move(received).failure(),
                    stale);
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

Outcome<TransportResponse> make_response(std::unique_ptr<Http1Exchange> exchange,
                                         bool decode_body) {
  Http1Head head = exchange->take_head();
  TransportResponse response;
  response.status = head.status;
  response.reason = std::move(head.reason);
  response.http_version = head.minor_version == 0 ? "1.0" : "1.1";
  response.headers = std::move(head.headers);
  auto body = std::move(*exchange).take_body();
  if (decode_body) {
    auto decoded = decode(std::move(body), response.headers);
    if (!decoded.ok()) return std::move(decoded).failure();
    body = std::move(decoded).value();
  }
  response.body = std::move(body);
  return response;
}

Task<Outcome<TransportResponse>> send_request(std::shared_ptr<Shared> shared,
                                              SharedRequest request) {
  Attempt tried = co_await attempt(shared, request, false);
  if (tried.stale_connection && may_replay(*request)) {
    tried = co_await attempt(shared, request, true);
  }
  if (!tried.result.ok()) co_return std::move(tried.result).failure();
  co_return make_response(std::move(tried.result).value(), request->decode);
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

}  // namespace reqivo::detail
