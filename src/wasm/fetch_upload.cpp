// Requests whose body is streamed: by fetch where it can, else from memory.
#include <memory>
#include <optional>
#include <utility>

#include "raced_task.hpp"
#include "upload_length.hpp"
#include "wasm/fetch_bridge.hpp"
#include "wasm/fetch_exchange.hpp"
#include "wasm/fetch_request.hpp"

namespace reqivo::wasm {
namespace {

using detail::Done;
using detail::Failure;
using detail::Outcome;
using detail::TransportRequest;
using detail::TransportResponse;

/// The platform cannot stream it: it is held in memory first.
Task<Outcome<Done>> send_buffered(std::shared_ptr<const TransportRequest> request,
                                  TransportResponse& response, std::size_t most) {
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
  co_return co_await send_whole(std::move(whole), response);
}

using Head = std::optional<FetchOperation::Head>;

/// A server may answer before it has the whole body.
bool refuses(const Head& head) noexcept { return head && detail::refuses_upload(head->status); }

/// Whether no more of the body is wanted, by what the operation has told; takes the head.
bool ended_early(FetchOperation& operation, Head& head) {
  if (operation.head()) head = std::exchange(operation.head(), std::nullopt);
  return operation.failure() || refuses(head);
}

/// Sends the next piece that is not empty, or the end: true. No piece goes where the answer in
/// `head` refuses it meanwhile.
Task<Outcome<bool>> send_piece(FetchOperation& operation, const TransportRequest& request,
                               detail::UploadLength& length, Head& head) {
  std::optional<std::string> piece;
  do {
    detail::RacedTask making(request.body.source()->next(), operation);
    request.progress->callers_turn_began();
    for (bool made = false; !made && !ended_early(operation, head);) made = co_await making;
    request.progress->callers_turn_ended();
    if (operation.failure()) co_return std::move(*operation.failure());
    if (refuses(head)) co_return false;
    piece = making.take();
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

Task<Outcome<Done>> send_streamed(std::shared_ptr<const TransportRequest> request,
                                  TransportResponse& response) {
  auto operation = std::make_unique<FetchOperation>();
  request->progress->enter(Phase::send);
  detail::UploadLength length(request->body.length());
  operation->start_streamed(fetch_head(*request));
  Head head;
  bool all_sent = false;
  while (!head || (!all_sent && !refuses(head))) {
    {
      FetchOperation::Told told(*operation);
      co_await told;
    }
    const bool ended = ended_early(*operation, head);
    if (operation->failure()) co_return std::move(*operation->failure());
    if (ended || all_sent || !operation->take_piece_wanted()) continue;
    Outcome<bool> sent = co_await send_piece(*operation, *request, length, head);
    if (!sent) co_return std::move(sent).failure();
    all_sent = sent.value();
  }
  operation->head() = std::move(head);
  co_return take_answer(std::move(operation), *request, response);
}

Task<Outcome<Done>> send_by_length(std::shared_ptr<const TransportRequest> request,
                                   TransportResponse& response, std::size_t upload_buffer) {
  const detail::RequestBody& body = request->body;
  // Fetch frames a stream as chunked; a Content-Length needs the bytes beforehand.
  const bool fits = body.length() && *body.length() <= upload_buffer;
  const std::string& url = request->url.href();
  if (!fits && reqivo_can_stream_upload_to(url.data(), url.size()) != 0) {
    return send_streamed(std::move(request), response);
  }
  return send_buffered(std::move(request), response, upload_buffer);
}

}  // namespace
}  // namespace reqivo::wasm

namespace reqivo::detail {

void enable_uploads() noexcept {
  wasm::send_upload.store(wasm::send_by_length, std::memory_order_relaxed);
}

}  // namespace reqivo::detail
