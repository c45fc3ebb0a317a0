// Bytes over TCP or TLS: what the HTTP codec stands on.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <reqivo/detail/task.hpp>
#include <string>
#include <string_view>

#include "native/http1_parser.hpp"
#include "native/socket.hpp"
#include "native/tls_engine.hpp"
#include "platform/failure.hpp"

namespace reqivo::native {

/// One connection to an origin. What pending operations need belongs to the socket's shared state,
/// so that a task of this class can be destroyed at any point; the connection is then only good for
/// destruction. Its tasks refer to it: it outlives them.
class Connection {
 public:
  /// Without a TLS engine the bytes go as they are.
  Connection(Socket socket, std::optional<TlsEngine> tls)
      : socket_(std::move(socket)), tls_(std::move(tls)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() = default;

  /// The TLS handshake; nothing without TLS.
  Task<detail::Outcome<detail::Done>> handshake();

  /// Waits for bytes. True: `input()` holds what came. False: a proper end of the stream (over TLS:
  /// close_notify). `phase` is where a failure happens. With a `chunk`, and nothing in `input()`,
  /// the bytes go there; yet what has come in already while something was sent is in `input()`.
  /// Lifetime: `chunk` outlives the task.
  Task<detail::Outcome<bool>> fill(Phase phase, BodyChunk* chunk = nullptr);
  /// Without TLS, what `fill` waits for can be awaited without a task around it; `filled` tells
  /// what came of it.
  [[nodiscard]] bool encrypted() const noexcept { return tls_.has_value(); }
  [[nodiscard]] Socket::Fill fill_plain(BodyChunk* chunk = nullptr) { return socket_.fill(chunk); }
  [[nodiscard]] static detail::Outcome<bool> filled(const std::error_code& error, Phase phase);
  /// Received bytes that nobody has consumed. Valid until the next `fill`.
  [[nodiscard]] std::string_view input() const noexcept;
  void consume(std::size_t count) noexcept;
  /// Between two exchanges: whether bytes have come that belong to neither, or the end of the
  /// stream. Does not ask the kernel.
  [[nodiscard]] bool has_surplus();

  /// Sends all of the bytes. With `stop_on_input` it may end before that, once bytes arrive while
  /// the peer takes no more: then `write_unfinished()`, and `finish_write` goes on.
  Task<detail::Outcome<detail::Done>> write(OutgoingBytes bytes, bool stop_on_input);
  Task<detail::Outcome<detail::Done>> finish_write(bool stop_on_input);
  /// Sends what goes without waiting. None: that was not all, and `finish_write` goes on with a
  /// copy of the rest.
  [[nodiscard]] std::optional<detail::Outcome<detail::Done>> write_now(std::string_view bytes);
  /// After a write that ended early: adds what has arrived to `input()`, without waiting. False:
  /// the stream has ended or failed, which the next `fill` reports.
  [[nodiscard]] bool take_early_input();
  [[nodiscard]] bool write_unfinished() const noexcept { return socket_.write_unfinished(); }

  /// Reads the answers. It stays with the connection, so that its memory does.
  [[nodiscard]] Http1Parser& parser() noexcept { return parser_; }

  void set_progress(std::shared_ptr<detail::ExchangeProgress> progress) noexcept {
    socket_.set_progress(std::move(progress));
  }
  /// Larger buffers, for a body that will not fit a small one anyway.
  void expect_large_body();
  /// Makes ready for lying idle: gives large buffers back and lets the loop watch for the peer.
  void rest();
  /// Whether a connection that has lain idle for `idle` can carry another request: the peer has
  /// neither closed it nor sent bytes that nobody asked for. Asks the kernel where the loop may not
  /// have, and where `check`.
  [[nodiscard]] bool usable(Duration idle, bool check) noexcept;
  /// Ends it properly, as far as that goes without waiting.
  void close() noexcept;

 private:
  [[nodiscard]] detail::Failure tls_failure(Phase phase) const;
  Task<detail::Outcome<bool>> fill_tls(Phase phase, BodyChunk* chunk);
  /// Decrypts what there is, into `input()` or into a chunk.
  [[nodiscard]] TlsEngine::Progress decrypt();
  [[nodiscard]] TlsEngine::Progress decrypt_into(BodyChunk& chunk);
  void release_plaintext() noexcept;
  void set_plaintext_size(std::size_t size);

  Socket socket_;
  std::optional<TlsEngine> tls_;
  Http1Parser parser_;
  std::unique_ptr<char[]> plaintext_;  // with TLS only
  std::size_t plaintext_size_ = BufferPool::buffer_size;
  std::size_t plaintext_begin_ = 0;
  std::size_t plaintext_end_ = 0;
};

}  // namespace reqivo::native
