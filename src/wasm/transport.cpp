// The transport over the Fetch API.
#include "platform/transport.hpp"

#include <memory>
#include <utility>

#include "idempotent.hpp"
#include "upload_length.hpp"
#include "wasm/fetch_bridge.hpp"
#include "wasm/fetch_operation.hpp"
#include "wasm/fetch_request.hpp"
#include "wasm/forbidden_headers.hpp"

namespace reqivo::wasm {
namespace {

using detail::ExchangeProgress;
using detail::Failure;
using detail::Outcome;
using detail::TransportRequest;
using detail::TransportResponse;

Failure unsupported(std::string what) {
  return Failure(ErrorCode::unsupported, Phase::none,
                 std::move(what) + " is not supported by the wasm backend");
}

/// Node, unlike browsers, does not send a request again whose kept connection the server closed
/// meanwhile. It does not tell whether the connection was a kept one, so each gets a second chance
/// that may have one (RFC 9112 §9.3.1).
bool may_be_replayed(const Failure& failure, const TransportRequest& request) {
  return reqivo_is_node() != 0 && failure.code == ErrorCode::connection_closed &&
         failure.phase == Phase::head && detail::is_idempotent(request.method);
}

/// A body that the platform hands over chunk by chunk, as it is asked.
class FetchBody final : public detail::BodySource {
 public:
  FetchBody(std::unique_ptr<FetchOperation> operation, std::shared_ptr<ExchangeProgress> progress)
      : operation_(std::move(operation)), progress_(std::move(progress)) {}

  Task<Outcome<std::string>> read() override {
    if (ended_) co_return std::string();
    FetchOperation& operation = *operation_;
    if (!operation.failure() && !operation.chunk()) {
      operation.ask_for_chunk();
      while (!operation.failure() && !operation.chunk()) {
        // The upload may still want pieces; its answer has come, so it gets no more.
        static_cast<void>(operation.take_piece_wanted());
        FetchOperation::Told told(operation);
        co_await told;
      }
    }
    if (operation.failure()) co_return *operation.failure();
    progress_->moved();
    std::string chunk = std::move(*operation.chunk());
    operation.chunk().reset();
    ended_ = chunk.empty();
    co_return chunk;
  }

 private:
  std::unique_ptr<FetchOperation> operation_;
  std::shared_ptr<ExchangeProgress> progress_;
  bool ended_ = false;
};

Outcome<TransportResponse> response_of(std::unique_ptr<FetchOperation> operation,
                                       const TransportRequest& request) {
  FetchOperation::Head head = std::move(*operation->head());
  operation->head().reset();
  if (head.is_redirect) {
    return Failure(ErrorCode::too_many_redirects, Phase::head,
                   "the server answered with a redirect, and none are allowed");
  }
  request.progress->enter(Phase::body);
  request.progress->moved();
  TransportResponse response;
  response.status = head.status;
  std::string_view text = head.text;
  response.reason = take_line(text);
  response.final_url = take_line(text);
  while (!text.empty()) {
    const std::string_view name = take_line(text);
    const std::string_view value = take_line(text);
    response.headers.add_unchecked(std::string(name), std::string(value));
  }
  if (head.has_body) {
    response.body = std::make_unique<FetchBody>(std::move(operation), request.progress);
  }
  return response;
}

class FetchTransport final : public detail::Transport {
 public:
  explicit FetchTransport(std::size_t upload_buffer) noexcept : upload_buffer_(upload_buffer) {}

  Task<Outcome<TransportResponse>> send(std::shared_ptr<const TransportRequest> request) override {
    const std::string_view forbidden = forbidden_field(request->headers);
    if (!forbidden.empty()) {
      return failed(unsupported("setting the header " + std::string(forbidden)));
    }
    const detail::RequestBody& body = request->body;
    if (!body.source()) return send_whole(std::move(request));
    // Fetch frames a stream as chunked; a Content-Length needs the bytes beforehand.
    const bool fits = body.length() && *body.length() <= upload_buffer_;
    const std::string& url = request->url.href;
    if (!fits && reqivo_can_stream_upload_to(url.data(), url.size()) != 0) {
      return send_streamed(std::move(request));
    }
    return send_buffered(std::move(request), upload_buffer_);
  }
  void close_idle() noexcept override {}

 private:
  static Task<Outcome<TransportResponse>> failed(Failure failure) { co_return failure; }

  static Task<Outcome<TransportResponse>> send_whole(
      std::shared_ptr<const TransportRequest> request) {
    Outcome<TransportResponse> answer = co_await exchange_whole(request);
    if (!answer && may_be_replayed(answer.failure(), *request)) {
      co_return co_await exchange_whole(std::move(request));
    }
    co_return answer;
  }

  static Task<Outcome<TransportResponse>> exchange_whole(
      std::shared_ptr<const TransportRequest> request) {
    auto operation = std::make_unique<FetchOperation>();
    request->progress->enter(Phase::head);
    operation->start(fetch_head(*request), request->body.bytes().get(),
                     FetchOperation::Upload::whole);
    {
      FetchOperation::Told told(*operation);
      co_await told;
    }
    if (operation->failure()) co_return std::move(*operation->failure());
    co_return response_of(std::move(operation), *request);
  }

  /// The platform cannot stream it: it is held in memory first.
  static Task<Outcome<TransportResponse>> send_buffered(
      std::shared_ptr<const TransportRequest> request, std::size_t most) {
    request->progress->enter(Phase::send);
    detail::UploadLength length(request->body.length());
    std::string bytes;
    while (std::optional<std::string> piece = co_await request->body.source()->next()) {
      request->progress->moved();
      if (auto failure = length.take(piece->size())) co_return std::move(*failure);
      if (piece->size() > most - bytes.size()) {
        co_return unsupported("streaming a body larger than Limits::upload_buffer");
      }
      bytes.append(*piece);
    }
    if (auto failure = length.end()) co_return std::move(*failure);
    auto whole = std::make_shared<TransportRequest>(*request);
    whole->body = detail::RequestBody(std::make_shared<const std::string>(std::move(bytes)));
    co_return co_await send_whole(std::move(whole));
  }

  static Task<Outcome<TransportResponse>> send_streamed(
      std::shared_ptr<const TransportRequest> request) {
    auto operation = std::make_unique<FetchOperation>();
    request->progress->enter(Phase::send);
    detail::UploadLength length(request->body.length());
    operation->start(fetch_head(*request), nullptr, FetchOperation::Upload::streamed);
    while (!operation->head()) {
      {
        FetchOperation::Told told(*operation);
        co_await told;
      }
      if (operation->failure()) co_return std::move(*operation->failure());
      if (operation->head() || !operation->take_piece_wanted()) continue;
      auto failure = co_await send_piece(*operation, *request, length);
      if (failure) co_return std::move(*failure);
    }
    co_return response_of(std::move(operation), *request);
  }

  /// The next piece that is not empty, or the end.
  static Task<std::optional<Failure>> send_piece(FetchOperation& operation,
                                                 const TransportRequest& request,
                                                 detail::UploadLength& length) {
    std::optional<std::string> piece;
    do {
      piece = co_await request.body.source()->next();
      request.progress->moved();  // the time the caller took to make it does not count
    } while (piece && piece->empty());
    if (!piece) {
      if (auto failure = length.end()) co_return failure;
      operation.end_upload();
      request.progress->enter(Phase::head);
      co_return std::nullopt;
    }
    if (auto failure = length.take(piece->size())) co_return failure;
    operation.send_piece(*piece);
    co_return std::nullopt;
  }

  std::size_t upload_buffer_;
};

}  // namespace
}  // namespace reqivo::wasm

namespace reqivo::detail {

Outcome<std::unique_ptr<Transport>> make_transport(const Limits& limits, const TlsOptions&) {
  return std::unique_ptr<Transport>(new wasm::FetchTransport(limits.upload_buffer()));
}

}  // namespace reqivo::detail
