// The two byte queues between OpenSSL and whoever owns the socket.
#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace reqivo::native {

/// Ciphertext on its way in and out, behind a BIO of our own: a memory BIO would copy each byte
/// once more and hand the output out in pieces.
class TlsBytes {
 public:
  TlsBytes() = default;
  TlsBytes(const TlsBytes&) = delete;
  TlsBytes& operator=(const TlsBytes&) = delete;

  /// Appends to the input. Linear in all: what was consumed is moved over at most once.
  void feed(std::string_view ciphertext);
  /// Has `take` go on to `ciphertext` after the input, and spares its copy: what is read whole at
  /// once need not be kept. Lifetime: it outlives what is taken until `keep_lent` or `drop_input`.
  void lend(std::string_view ciphertext);
  /// Appends what nobody has taken of it to the input.
  void keep_lent();
  /// Takes up to `size` bytes out of the input.
  std::size_t take(char* to, std::size_t size) noexcept;
  [[nodiscard]] bool has_input() const noexcept { return !input_.empty() || !lent_.empty(); }
  /// Gives back large buffers that are empty, so that an idle connection holds little.
  void release_large() noexcept;
  /// Forgets the input, and what was lent.
  void drop_input() noexcept;

  [[nodiscard]] std::string& output() noexcept { return output_; }
  /// Appends to the output; false where there is no memory (an exception must not cross OpenSSL).
  bool put(const char* data, std::size_t size) noexcept;

  /// The connection's first bytes (at most 5), from which one sees whether the peer speaks TLS at
  /// all.
  [[nodiscard]] std::string_view first_bytes() const noexcept { return first_bytes_; }

 private:
  void note_first_bytes(std::string_view ciphertext);
  void append(std::string_view ciphertext);
  std::size_t take_kept(char* to, std::size_t size) noexcept;

  std::string input_;
  std::size_t consumed_ = 0;
  std::string_view lent_;
  std::string output_;
  std::string first_bytes_;
};

/// A BIO over `bytes`, which must outlive it. Null where there is no memory.
[[nodiscard]] BIO* new_tls_bio(TlsBytes& bytes);

}  // namespace reqivo::native
