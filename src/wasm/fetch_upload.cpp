// Requests whose body is streamed: by fetch where it can, else from memory.
#include <memory>
#include <optional>
#include <utility>

#include "next_piece.hpp"
#include "side_task.hpp"
#include "upload_length.hpp"
#include "wasm/event_loop.hpp"
#include "wasm/fetch_bridge.hpp"
#include "wasm/fetch_exchange.hpp"
#include "wasm/fetch_request.hpp"
#include "wasm/raced_task.hpp"

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
    const std::optional<std::string> piece =
        co_await detail::next_piece(request->body.source(), request->progress);
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
  co_return co_await exchange_whole(std::move(whole), response);  // never twice, as natively
}

}  // namespace

/// What JavaScript asks for the pieces of one upload.
class UploadFeed {
 public:
  UploadFeed() = default;
  UploadFeed(const UploadFeed&) = delete;
  UploadFeed& operator=(const UploadFeed&) = delete;
  ~UploadFeed() = default;

  void want_piece() noexcept {
    wanted_ = true;
    if (waiter_ != nullptr) waiter_->wake();
  }

  /// `co_await feed.wanted()`: until JavaScript asks.
  class [[nodiscard]] Wanted {
   public:
    explicit Wanted(UploadFeed& feed) noexcept : feed_(feed) {}
    Wanted(const Wanted&) = delete;
    Wanted& operator=(const Wanted&) = delete;
    ~Wanted() { stop_waiting(); }
    [[nodiscard]] bool await_ready() const noexcept { return feed_.wanted_; }
    template <detail::KitPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
      feed_.waiter_ = &waiter.promise();
      WasmEventLoop::operation_began();
    }
    void await_resume() noexcept {
      stop_waiting();
      feed_.wanted_ = false;
    }

   private:
    void stop_waiting() noexcept {
      if (std::exchange(feed_.waiter_, nullptr) != nullptr) WasmEventLoop::operation_ended();
    }
    UploadFeed& feed_;
  };
  [[nodiscard]] Wanted wanted() noexcept { return Wanted(*this); }

 private:
  bool wanted_ = false;
  detail::PromiseBase* waiter_ = nullptr;
};

namespace {

/// Sends the pieces beside whoever waits for the answer: a server may answer before it has the
/// whole body, and may take no more of it until its answer is read.
class Upload {
 public:
  /// Begins. `operation` outlives it.
  Upload(FetchOperation& operation, const TransportRequest& request)
      : sender_(std::make_shared<Sender>(operation, request)), sending_(Sender::send(sender_)) {}
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() { sender_->forget_operation(); }

  [[nodiscard]] UploadFeed& feed() noexcept { return sender_->feed(); }
  [[nodiscard]] detail::SideTask& sending() noexcept { return sending_; }
  void stop() noexcept { sending_.cancel(); }

 private:
  /// The task's as well: a generator may drop its own request, and then goes on until it is
  /// suspended.
  class Sender {
   public:
    Sender(FetchOperation& operation, const TransportRequest& request) noexcept
        : operation_(&operation), body_(request.body), progress_(request.progress) {}
    [[nodiscard]] UploadFeed& feed() noexcept { return feed_; }
    void forget_operation() noexcept { operation_ = nullptr; }

    static Task<Outcome<Done>> send(std::shared_ptr<Sender> self) {
      detail::UploadLength length(self->body_.length());
      bool wanted = false;
      while (self->operation_ != nullptr) {
        if (!wanted) co_await self->feed_.wanted();
        wanted = true;
        const std::optional<std::string> piece =
            co_await detail::next_piece(self->body_.source(), self->progress_);
        if (self->operation_ == nullptr) break;
        if (!piece) {
          if (auto failure = length.end()) co_return std::move(*failure);
          self->operation_->end_upload();
          if (self->progress_->phase() == Phase::send) self->progress_->enter(Phase::head);
          break;
        }
        if (piece->empty()) continue;
        if (auto failure = length.take(piece->size())) co_return std::move(*failure);
        self->operation_->send_piece(*piece);
        wanted = false;
      }
      co_return Done();
    }

   private:
    FetchOperation* operation_;
    detail::RequestBody body_;  // the request may change once its answer is there
    std::shared_ptr<detail::ExchangeProgress> progress_;
    UploadFeed feed_;
  };

  std::shared_ptr<Sender> sender_;
  detail::SideTask sending_;
};

/// `co_await`: until the operation has something to take, or sending has ended.
class [[nodiscard]] News {
 public:
  News(FetchOperation& operation, detail::SideTask& sending) noexcept
      : operation_(operation), sending_(sending) {}
  News(const News&) = delete;
  News& operator=(const News&) = delete;
  ~News() { stop_waiting(); }
  [[nodiscard]] bool await_ready() const noexcept {
    return operation_.at_hand() || sending_.failed();
  }
  template <detail::KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
    operation_.set_waiter(waiter.promise());
    sending_.set_waiter(&waiter.promise());
  }
  void await_resume() noexcept { stop_waiting(); }

 private:
  void stop_waiting() noexcept {
    operation_.forget_waiter();
    sending_.set_waiter(nullptr);
  }
  FetchOperation& operation_;
  detail::SideTask& sending_;
};

/// The body of an answer, while that of the request may still be sent.
class AnswerMeanwhile final : public detail::BodySource {
 public:
  AnswerMeanwhile(std::unique_ptr<Upload> upload, std::unique_ptr<detail::BodySource> answer)
      : upload_(std::move(upload)), answer_(std::move(answer)) {}

  Task<Outcome<std::string>> read() override {
    SendingFails failure(upload_->sending());
    RacedTask reading(answer_->read(), failure);
    // Awaited in the body: g++ 12 awaits what stands behind && in a loop's condition in any case.
    for (bool received = false; !received;) {
      received = co_await reading;
      if (!received && failure.at_hand()) co_return upload_->sending().take().failure();
    }
    Outcome<std::string> chunk = reading.take();
    // Whoever has its whole answer asks for no more; Node closes the connection.
    if (!chunk || chunk.value().empty()) upload_->stop();
    co_return chunk;
  }

 private:
  class SendingFails {
   public:
    explicit SendingFails(detail::SideTask& sending) noexcept : sending_(sending) {}
    [[nodiscard]] bool at_hand() const noexcept { return sending_.failed(); }
    void set_waiter(detail::PromiseBase& waiter) noexcept { sending_.set_waiter(&waiter); }
    void forget_waiter() noexcept { sending_.set_waiter(nullptr); }

   private:
    detail::SideTask& sending_;
  };

  std::unique_ptr<Upload> upload_;  // outlives the operation, which asks it for pieces
  std::unique_ptr<detail::BodySource> answer_;
};

Task<Outcome<Done>> send_streamed(std::shared_ptr<const TransportRequest> request,
                                  TransportResponse& response) {
  request->progress->enter(Phase::send);
  auto operation = std::make_unique<FetchOperation>();
  auto upload = std::make_unique<Upload>(*operation, *request);
  operation->start_streamed(fetch_head(*request), upload->feed());
  while (!operation->at_hand() && !upload->sending().failed()) {
    News news(*operation, upload->sending());
    co_await news;
  }
  if (operation->failure()) co_return std::move(*operation->failure());
  if (upload->sending().failed()) co_return upload->sending().take();
  if (detail::refuses_upload(operation->head()->status)) upload->stop();
  Outcome<Done> taken = take_answer(std::move(operation), *request, response);
  if (response.body && !upload->sending().done()) {
    response.body = std::make_unique<AnswerMeanwhile>(std::move(upload), std::move(response.body));
  }
  co_return taken;
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

int reqivo_fetch_wants_piece(reqivo::wasm::UploadFeed* feed) {
  return reqivo::wasm::WasmEventLoop::call_in([&] { feed->want_piece(); });
}
