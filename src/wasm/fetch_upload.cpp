// Requests whose body is streamed: by fetch where it can, else from memory.
#include <memory>
#include <optional>
#include <utility>

#include "upload_length.hpp"
#include "wasm/fetch_bridge.hpp"
#include "wasm/fetch_exchange.hpp"
#include "wasm/fetch_request.hpp"
#include "wasm/node.hpp"

namespace reqivo::wasm {
namespace {

using detail::Failure;
using detail::Outcome;
using detail::TransportRequest;
using detail::TransportResponse;

/// The platform cannot stream it: it is held in memory first.
Task<Outcome<TransportResponse>> send_buffered(std::shared_ptr<const TransportRequest> request,
                                               std::size_t most) {
  request->progress->enter(Phase::send);
  detail::UploadLength length(request->body.length());
  std::string bytes;
  for (;;) {
    request->progress->callers_turn_began();
    const std::optional<std::string> piece = co_await request->body.source()->next();
    request->progress->callers_turn_ended();
    if (!piece) break;
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

/// Sends the next piece that is not empty, or the end: true.
Task<Outcome<bool>> send_piece(FetchOperation& operation, const TransportRequest& request,
                               detail::UploadLength& length) {
  std::optional<std::string> piece;
  do {
    request.progress->callers_turn_began();
    piece = co_await request.body.source()->next();
    request.progress->callers_turn_ended();
  } while (piece && piece->empty());
  if (!piece) {
    if (auto failure = length.end()) co_return std::move(*failure);
    operation.end_upload();
    request.progress->enter(Phase::head);
    co_return true;
  }
  if (auto failure = length.take(piece->size())) co_return std::move(*failure);
  operation.send_piece(*piece);
  co_return false;
}

Task<Outcome<TransportResponse>> send_streamed(std::shared_ptr<const TransportRequest> request) {
  auto operation = std::make_unique<FetchOperation>();
  request->progress->enter(Phase::send);
  detail::UploadLength length(request->body.length());
  operation->start_streamed(fetch_head(*request));
  // A server may answer before it has the whole body. Only an answer that refuses it, or sends the
  // client elsewhere, ends the sending, as natively.
  std::optional<FetchOperation::Head> head;
  bool all_sent = false;
  while (!head || (!all_sent && head->status < 300)) {
    {
      FetchOperation::Told told(*operation);
      co_await told;
    }
    if (operation->failure()) co_return std::move(*operation->failure());
    if (operation->head()) head = std::exchange(operation->head(), std::nullopt);
    if (all_sent || !operation->take_piece_wanted()) continue;
    if (head && head->status >= 300) break;
    Outcome<bool> sent = co_await send_piece(*operation, *request, length);
    if (!sent) co_return std::move(sent).failure();
    all_sent = sent.value();
  }
  operation->head() = std::move(head);
  Outcome<TransportResponse> answer = response_of(std::move(operation), *request);
  if (answer && node() != nullptr) node()->take_answer(*request, answer.value());
  co_return answer;
}

Task<Outcome<TransportResponse>> send_by_length(std::shared_ptr<const TransportRequest> request,
                                                std::size_t upload_buffer) {
  const detail::RequestBody& body = request->body;
  // Fetch frames a stream as chunked; a Content-Length needs the bytes beforehand.
  const bool fits = body.length() && *body.length() <= upload_buffer;
  const std::string& url = request->url.href;
  if (!fits && reqivo_can_stream_upload_to(url.data(), url.size()) != 0) {
    return send_streamed(std::move(request));
  }
  return send_buffered(std::move(request), upload_buffer);
}

}  // namespace
}  // namespace reqivo::wasm

namespace reqivo::detail {

void enable_uploads() noexcept {
  wasm::send_upload.store(wasm::send_by_length, std::memory_order_relaxed);
}

}  // namespace reqivo::detail
