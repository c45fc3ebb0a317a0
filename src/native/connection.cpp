#include "native/connection.hpp"

#include <asio/error.hpp>
#include <chrono>
#include <utility>

#include "native/error_map.hpp"
#include "native/turn_taking.hpp"
#include "scheduler.hpp"

namespace reqivo::native {

using detail::Done;
using detail::Failure;
using detail::Outcome;

namespace {

constexpr std::size_t large_buffer = 128 * 1024;
/// A large message is encrypted as it goes: it is in memory once as it is, and may end early.
constexpr std::size_t encrypted_at_once = 64 * 1024;
/// A connection that was in use this long ago is taken without asking the kernel again.
constexpr std::chrono::milliseconds trusted_without_looking(20);

}  // namespace

Connection::~Connection() = default;

Failure Connection::tls_failure(Phase phase) const {
  Failure failure = tls_->failure();
  // TLS 1.3 refuses a client only after its handshake: that is still a matter of TLS.
  failure.phase = failure.code == ErrorCode::tls ? Phase::tls : phase;
  return failure;
}

Task<Outcome<Done>> Connection::handshake() {
  if (!tls_) co_return Done();
  for (;;) {
    const TlsEngine::Progress progress = tls_->handshake();
    std::string output = std::exchange(tls_->pending_output(), {});
    if (progress == TlsEngine::Progress::failed) {
      socket_.try_send(output);  // the alert that says why; nobody waits for it
      Failure failure = tls_failure(Phase::tls);
      failure.retryable = true;
      co_return failure;
    }
    if (!output.empty()) {
      const std::error_code error = co_await socket_.write(OutgoingBytes(std::move(output)));
      if (error) co_return handshake_failure(error);
    }
    if (progress == TlsEngine::Progress::done) co_return Done();
    const std::error_code error = co_await socket_.fill();
    if (error == asio::error::eof) {
      tls_->peer_vanished();
    } else if (error) {
      co_return handshake_failure(error);
    }
    tls_->receive(socket_.input());
    socket_.consume(socket_.input().size());
  }
}

// ---- Fill

Connection::Fill::Fill(Connection& connection, Phase phase, BodyChunk* chunk)
    : connection_(connection),
      phase_(phase),
      chunk_(chunk),
      socket_fill_(connection.socket_.fill(connection.tls_ ? nullptr : chunk)) {}

bool Connection::Fill::await_ready() {
  if (connection_.tls_) {
    const auto progress = connection_.decrypt({}, chunk_);
    if (progress != TlsEngine::Progress::want_input) {
      at_hand_ = progress;
      return true;
    }
    connection_.send_tls_output();
  }
  return socket_fill_.await_ready();
}

Outcome<Connection::Arrival> Connection::Fill::await_resume() {
  if (at_hand_) return connection_.arrived(*at_hand_, phase_);
  const std::error_code error = socket_fill_.await_resume();
  if (!connection_.tls_) return arrived(error, phase_);
  TlsEngine& tls = *connection_.tls_;
  if (error == asio::error::eof) {
    tls.peer_vanished();
  } else if (error) {
    return socket_failure(error, phase_);
  }
  return connection_.arrived(connection_.decrypt_received(chunk_), phase_);
}

Outcome<Connection::Arrival> Connection::arrived(const std::error_code& error, Phase phase) {
  if (error == asio::error::eof) return Arrival::end;
  if (error) return socket_failure(error, phase);
  return Arrival::bytes;
}

Outcome<Connection::Arrival> Connection::arrived(TlsEngine::Progress progress, Phase phase) const {
  switch (progress) {
    case TlsEngine::Progress::done:
      return Arrival::bytes;
    case TlsEngine::Progress::closed:
      return Arrival::end;
    case TlsEngine::Progress::failed:
      return tls_failure(phase);
    default:
      return Arrival::nothing;
  }
}

void Connection::send_tls_output() noexcept {
  std::string& output = tls_->pending_output();
  if (output.empty() || socket_.write_unfinished()) return;
  output.erase(0, socket_.try_send(output));
}

TlsEngine::Progress Connection::decrypt_received(BodyChunk* chunk) {
  const auto progress = decrypt(socket_.input(), chunk);
  socket_.consume(socket_.input().size());
  return progress;
}

TlsEngine::Progress Connection::decrypt(std::string_view ciphertext, BodyChunk* chunk) {
  return chunk != nullptr ? decrypt_into(*chunk, ciphertext) : decrypt_into_input(ciphertext);
}

TlsEngine::Progress Connection::decrypt_into_input(std::string_view ciphertext) {
  if (plaintext_begin_ == plaintext_end_) plaintext_begin_ = plaintext_end_ = 0;
  if (!plaintext_) {
    const bool usual = plaintext_size_ == BufferPool::buffer_size;
    plaintext_ =
        usual ? socket_.buffers().take() : std::make_unique_for_overwrite<char[]>(plaintext_size_);
  }
  const std::size_t room = plaintext_size_ - plaintext_end_;
  std::size_t got = 0;
  const auto progress = tls_->read(ciphertext, plaintext_.get() + plaintext_end_, room, got);
  plaintext_end_ += got;
  more_plaintext_ = got > 0 && got == room;
  if (plaintext_begin_ == plaintext_end_) release_plaintext();
  return progress;
}

TlsEngine::Progress Connection::decrypt_into(BodyChunk& chunk, std::string_view ciphertext) {
  std::size_t got = 0;
  const auto progress = tls_->read(ciphertext, chunk.room(), chunk.room_size(), got);
  chunk.note_received(got);
  return progress;
}

void Connection::release_plaintext() noexcept {
  plaintext_begin_ = plaintext_end_ = 0;
  if (!plaintext_ || plaintext_size_ != BufferPool::buffer_size) return;
  socket_.buffers().give_back(std::move(plaintext_));
}

std::string_view Connection::input() const noexcept {
  if (!tls_) return socket_.input();
  return {plaintext_.get() + plaintext_begin_, plaintext_end_ - plaintext_begin_};
}

void Connection::consume(std::size_t count) noexcept {
  if (tls_) {
    plaintext_begin_ += count;
    if (plaintext_begin_ == plaintext_end_) release_plaintext();
  } else {
    socket_.consume(count);
  }
}

bool Connection::has_surplus() {
  if (!input().empty()) return true;
  if (!tls_ || tls_->quiet()) return false;
  return decrypt_into_input({}) != TlsEngine::Progress::want_input ||
         !tls_->pending_output().empty();
}

std::optional<Outcome<Done>> Connection::write_now(std::string_view bytes) {
  if (tls_) {
    if (!tls_->write(bytes)) return tls_failure(Phase::send);
    bytes = tls_->pending_output();
  }
  const auto error = socket_.write_now(bytes);
  if (tls_) tls_->pending_output().clear();
  if (!error) return std::nullopt;
  if (*error) return socket_failure(*error, Phase::send);
  return Done();
}

Task<Outcome<Done>> Connection::write(OutgoingBytes bytes) {
  return tls_ ? encrypt_and_send(std::move(bytes)) : write_plain(std::move(bytes));
}

Task<Outcome<Done>> Connection::write_plain(OutgoingBytes bytes) {
  const std::error_code error = co_await socket_.write(std::move(bytes));
  if (error) co_return socket_failure(error, Phase::send);
  co_return Done();
}

Task<Outcome<Done>> Connection::encrypt_and_send(OutgoingBytes bytes) {
  TurnTaking turns;
  std::size_t encrypted = 0;
  while (encrypted < bytes.size()) {
    if (turns.others_turn()) co_await detail::NextTurn();
    if (!encrypt_slice(bytes, encrypted)) co_return tls_failure(Phase::send);
    OutgoingBytes slice(std::exchange(tls_->pending_output(), {}));
    const std::error_code error = co_await socket_.write(std::move(slice));
    if (error) co_return socket_failure(error, Phase::send);
  }
  co_return Done();
}

bool Connection::encrypt_slice(const OutgoingBytes& bytes, std::size_t& encrypted) {
  while (encrypted < bytes.size() && tls_->pending_output().size() < encrypted_at_once) {
    const std::string_view part = bytes.from(encrypted).substr(0, encrypted_at_once);
    if (!tls_->write(part)) return false;
    encrypted += part.size();
  }
  return true;
}

Task<Outcome<Done>> Connection::finish_write() {
  const std::error_code error = co_await socket_.finish_write();
  if (error) co_return socket_failure(error, Phase::send);
  co_return Done();
}

bool Connection::take_early_input() {
  if (!socket_.take_early_input()) return false;
  if (!tls_) return true;
  const auto progress = decrypt_received(nullptr);
  return progress == TlsEngine::Progress::done || progress == TlsEngine::Progress::want_input;
}

void Connection::expect_large_body() {
  socket_.set_buffer_size(large_buffer);
  if (tls_) set_plaintext_size(large_buffer);
}

void Connection::set_plaintext_size(std::size_t size) {
  if (plaintext_begin_ != plaintext_end_ || plaintext_size_ == size) return;
  plaintext_.reset();
  plaintext_size_ = size;
}

void Connection::rest() {
  set_progress(nullptr);
  more_plaintext_ = false;
  socket_.set_buffer_size(BufferPool::buffer_size);
  set_plaintext_size(BufferPool::buffer_size);
  if (tls_) tls_->release_memory();
  socket_.watch();
}

bool Connection::usable(Duration idle, bool check) noexcept {
  if (socket_.stirred() && !take_tickets()) return false;
  // The loop watches, but only while someone drives it: a blocking program may have been away. Nor
  // does it watch any more once tickets have come.
  const bool trusted = !check && idle.nanoseconds() < trusted_without_looking;
  return trusted || !socket_.look();
}

bool Connection::take_tickets() noexcept {
  if (!tls_ || socket_.take_error()) return false;
  tls_->receive(socket_.input());
  socket_.consume(socket_.input().size());
  char byte = 0;
  std::size_t got = 0;
  return tls_->read(&byte, 1, got) == TlsEngine::Progress::want_input &&
         tls_->pending_output().empty();
}

void Connection::close() noexcept {
  if (tls_ && !socket_.write_unfinished()) {  // behind half a record nothing makes sense
    tls_->shutdown();
    socket_.try_send(tls_->pending_output());
  }
  socket_.close();
}

}  // namespace reqivo::native
