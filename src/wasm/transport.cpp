// The transport over the Fetch API.
#include "platform/transport.hpp"

#include <memory>
#include <utility>

#include "checked_fields.hpp"
#include "concatenate.hpp"
#include "wasm/fetch_exchange.hpp"
#include "wasm/fetch_operation.hpp"
#include "wasm/fetch_request.hpp"
#include "wasm/forbidden_headers.hpp"
#include "wasm/node.hpp"
#include "wasm/request_modes.hpp"

namespace reqivo::wasm {
namespace {

using detail::Done;
using detail::ExchangeProgress;
using detail::Failure;
using detail::Outcome;
using detail::TransportRequest;
using detail::TransportResponse;

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

}  // namespace

Task<Outcome<Done>> exchange_whole(std::shared_ptr<const TransportRequest> request,
                                   TransportResponse& response) {
  auto operation = std::make_unique<FetchOperation>();
  const std::string* const body = request->body.bytes().get();
  request->progress->sends_unseen(body != nullptr ? body->size() : 0);
  request->progress->enter(Phase::head);
  operation->start(fetch_head(*request), body);
  {
    FetchOperation::Told told(*operation);
    co_await told;
  }
  if (operation->failure()) co_return std::move(*operation->failure());
  co_return take_answer(std::move(operation), *request, response);
}

Failure unsupported(std::string_view what) {
  return Failure(ErrorCode::unsupported, Phase::none,
                 detail::concatenate({what, " is not supported by the wasm backend"}));
}

Outcome<Done> take_answer(std::unique_ptr<FetchOperation> operation,
                          const TransportRequest& request, TransportResponse& response) {
  FetchOperation::Head head = std::move(*operation->head());
  operation->head().reset();
  if (head.is_redirect) {
    return Failure(ErrorCode::too_many_redirects, Phase::head, detail::says::redirect_not_allowed);
  }
  request.progress->enter(Phase::body);
  response.status = head.status;
  std::string_view text = head.text;
  response.reason = take_line(text);
  response.final_url = take_line(text);
  while (!text.empty()) {
    const std::string_view name = take_line(text);
    const std::string_view value = take_line(text);
    detail::CheckedFields::add(response.headers, name, value);
  }
  if (head.has_body && request.method != "HEAD") {  // Chromium has one for that, too
    response.body = std::make_unique<FetchBody>(std::move(operation), request.progress);
  }
  if (node() != nullptr) {
    node()->take_answer(request, response);
  } else {
    response.hides_coding = true;  // of an answer from elsewhere a page sees the length alone
  }
  return Done();
}

namespace {

class FetchTransport final : public detail::Transport {
 public:
  explicit FetchTransport(std::size_t upload_buffer) noexcept : upload_buffer_(upload_buffer) {}

  Task<Outcome<Done>> send(std::shared_ptr<const TransportRequest> request,
                           TransportResponse& response) override {
    const bool method = is_forbidden_method(request->method);
    const std::string_view forbidden = method ? request->method : forbidden_field(request->headers);
    if (!forbidden.empty()) {
      const std::string_view kind = method ? "the method " : "setting the header ";
      return failed(unsupported(detail::concatenate({kind, forbidden})));
    }
    if (const ForbiddenByMode by_mode = forbidden_by_mode.load(std::memory_order_relaxed)) {
      const std::string what = by_mode(*request);
      if (!what.empty()) return failed(unsupported(what));
    }
    if (!request->body.source()) {
      const auto send = node() != nullptr ? node()->send_whole : exchange_whole;
      return send(std::move(request), response);
    }
    return send_upload.load(std::memory_order_relaxed)(std::move(request), response,
                                                       upload_buffer_);
  }
  void close_idle() noexcept override {}

 private:
  static Task<Outcome<Done>> failed(Failure failure) { co_return failure; }

  std::size_t upload_buffer_;
};

}  // namespace
}  // namespace reqivo::wasm

namespace reqivo::detail {

std::shared_ptr<Transport> make_transport(const Limits& limits, const TlsOptions&) {
  return std::make_shared<wasm::FetchTransport>(limits.upload_buffer());
}

}  // namespace reqivo::detail
