#include "native/upload.hpp"

#include <cstdint>
#include <optional>

#include "native/http1_writer.hpp"
#include "next_piece.hpp"
#include "scheduler.hpp"
#include "upload_length.hpp"

namespace reqivo::native {

using detail::Done;
using detail::Outcome;

/// The task's as well: a generator may drop its own request, and then goes on until it is
/// suspended.
class Upload::Sender {
 public:
  Sender(Connection& connection, std::shared_ptr<detail::ExchangeProgress> progress) noexcept
      : connection_(&connection), progress_(std::move(progress)) {}

  static Task<Outcome<Done>> send(std::shared_ptr<Sender> self, std::string head,
                                  detail::RequestBody body) {
    if (body.source()) {
      return self->send_stream(self, std::move(head), body.source(), body.length());
    }
    return self->connection_->write(OutgoingBytes(std::move(head), body.bytes()));
  }
  void forget_connection() noexcept { connection_ = nullptr; }

 private:
  /// `self` keeps it alive.
  Task<Outcome<Done>> send_stream([[maybe_unused]] std::shared_ptr<Sender> self, std::string head,
                                  std::shared_ptr<detail::UploadSource> source,
                                  std::optional<std::uint64_t> length) {
    auto sent = co_await connection_->write(OutgoingBytes(std::move(head)));
    detail::UploadLength remaining(length);
    while (sent.ok()) {
      std::optional<std::string> piece = co_await detail::next_piece(source, progress_);
      if (connection_ == nullptr) break;
      if (!piece) {
        if (auto failure = remaining.end()) co_return std::move(*failure);
        if (!length) sent = co_await connection_->write(OutgoingBytes(std::string(last_chunk)));
        co_return sent;
      }
      if (piece->empty()) continue;
      if (auto failure = remaining.take(piece->size())) co_return std::move(*failure);
      sent = co_await connection_->write(framed(std::move(*piece), !length));
    }
    co_return sent;
  }
  static OutgoingBytes framed(std::string piece, bool chunked) {
    if (!chunked) return OutgoingBytes(std::move(piece));
    std::string chunk;
    append_chunk(chunk, piece);
    return OutgoingBytes(std::move(chunk));
  }

  Connection* connection_;
  std::shared_ptr<detail::ExchangeProgress> progress_;
};

Upload::Upload(Connection& connection, std::shared_ptr<detail::ExchangeProgress> progress,
               std::string head, detail::RequestBody body)
    : connection_(connection),
      progress_(std::move(progress)),
      sender_(std::make_shared<Sender>(connection, progress_)),
      sending_(Sender::send(sender_, std::move(head), std::move(body))) {}

Upload::~Upload() { sender_->forget_connection(); }

bool Upload::stalled(Duration patience) const {
  if (!connection_.write_unfinished()) return false;  // the caller's generator takes its time
  const detail::TimePoint now = detail::Scheduler::current().loop().now();
  return now >= detail::saturating_add(progress_->last_activity(), patience);
}

}  // namespace reqivo::native
