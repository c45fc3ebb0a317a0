// Bytes over TCP or TLS: what the HTTP codec stands on.
#pragma once

#include <coroutine>
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
  ~Connection();

  /// The TLS handshake; nothing without TLS.
  Task<detail::Outcome<detail::Done>> handshake();

  /// What waiting for bytes came to.
  enum class Arrival {
    bytes,    ///< `input()`, or the chunk, holds what came
    end,      ///< a proper end of the stream (over TLS: close_notify)
    nothing,  ///< TLS had use for what came: wait again
  };

  class [[nodiscard]] Fill {
   public:
    Fill(Connection& connection, Phase phase, BodyChunk* chunk);
    Fill(const Fill&) = delete;
    Fill& operator=(const Fill&) = delete;
    ~Fill() = default;
    [[nodiscard]] bool await_ready();
    template <detail::KitPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) {
      socket_fill_.await_suspend(waiter);
    }
    [[nodiscard]] detail::Outcome<Arrival> await_resume();

   private:
    Connection& connection_;
    Phase phase_;
    BodyChunk* chunk_;
    Socket::Fill socket_fill_;
    std::optional<TlsEngine::Progress> at_hand_;  // some: nothing need be waited for
  };

  /// Waits for bytes: `co_await connection.fill(...)` gives an `Arrival`. `phase` is where a
  /// failure happens. With a `chunk`, and nothing in `input()`, the bytes go there; yet what has
  /// come in already while something was sent is in `input()`. Lifetime: both outlive the awaiter.
  [[nodiscard]] Fill fill(Phase phase, BodyChunk* chunk = nullptr) {
    return Fill(*this, phase, chunk);
  }
  /// Received bytes that nobody has consumed. Valid until the next `fill`.
  [[nodiscard]] std::string_view input() const noexcept;
  void consume(std::size_t count) noexcept;
  /// Between two exchanges: whether bytes have come that belong to neither, or the end of the
  /// stream. Does not ask the kernel.
  [[nodiscard]] bool has_surplus();

  /// Sends all of the bytes. Others may read meanwhile.
  Task<detail::Outcome<detail::Done>> write(OutgoingBytes bytes);
  /// Sends what goes without waiting. None: that was not all, and `finish_write` goes on with a
  /// copy of the rest.
  [[nodiscard]] std::optional<detail::Outcome<detail::Done>> write_now(std::string_view bytes);
  Task<detail::Outcome<detail::Done>> finish_write();
  /// Whoever sends may be destroyed from here on; what it has not sent stays unsent.
  void abandon_write() noexcept { socket_.abandon_write(); }
  /// While something is sent: whether input has come, or the end. Then `take_early_input`.
  [[nodiscard]] bool has_early_input() { return more_plaintext_ || socket_.has_early_input(); }
  /// Has `waiter` woken once there is; null: nobody any more. Only while no `fill` waits.
  void wake_on_input(detail::PromiseBase* waiter) noexcept { socket_.wake_on_input(waiter); }
  /// After `has_early_input`: adds what has arrived to `input()`, without waiting. False: the
  /// stream has ended or failed, which the next `fill` reports.
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
  Task<detail::Outcome<detail::Done>> write_plain(OutgoingBytes bytes);
  /// Encrypted slice by slice.
  Task<detail::Outcome<detail::Done>> encrypt_and_send(OutgoingBytes bytes);
  /// Encrypts the next slice of `bytes`, of which `encrypted` many already are. False: TLS failed.
  [[nodiscard]] bool encrypt_slice(const OutgoingBytes& bytes, std::size_t& encrypted);
  [[nodiscard]] detail::Failure tls_failure(Phase phase) const;
  /// What `error`, or the lack of it, of the socket means.
  [[nodiscard]] static detail::Outcome<Arrival> arrived(const std::error_code& error, Phase phase);
  [[nodiscard]] detail::Outcome<Arrival> arrived(TlsEngine::Progress progress, Phase phase) const;
  /// Sends what TLS answers by itself, such as that there is no renegotiation. What does not go
  /// now, as where a write is under way, goes ahead of the next bytes.
  void send_tls_output() noexcept;
  /// Decrypts what there is, and `ciphertext` after it, into `chunk` or, where it is null, into
  /// `input()`.
  [[nodiscard]] TlsEngine::Progress decrypt(std::string_view ciphertext, BodyChunk* chunk);
  [[nodiscard]] TlsEngine::Progress decrypt_into(BodyChunk& chunk, std::string_view ciphertext);
  [[nodiscard]] TlsEngine::Progress decrypt_into_input(std::string_view ciphertext);
  /// The same of what the socket has received.
  [[nodiscard]] TlsEngine::Progress decrypt_received(BodyChunk* chunk);
  /// Deals with what has come in while the connection lay idle. False: that was more than session
  /// tickets, which come after the handshake, whenever the server likes.
  [[nodiscard]] bool take_tickets() noexcept;
  void release_plaintext() noexcept;
  void set_plaintext_size(std::size_t size);

  Socket socket_;
  std::optional<TlsEngine> tls_;
  Http1Parser parser_;
  std::unique_ptr<char[]> plaintext_;  // with TLS only
  std::size_t plaintext_size_ = BufferPool::buffer_size;
  std::size_t plaintext_begin_ = 0;
  std::size_t plaintext_end_ = 0;
  bool more_plaintext_ = false;  // there was no room for all that TLS could give
};

}  // namespace reqivo::native
