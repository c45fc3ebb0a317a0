#include "native/tls_bytes.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace reqivo::native {

namespace {

/// An empty input buffer up to this size is kept: one record and the start of the next.
constexpr std::size_t kept_input = 20 * 1024;
/// The same of the output: a small request.
constexpr std::size_t kept_output = 2 * 1024;
constexpr std::size_t record_header_size = 5;

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

int bio_read(BIO* bio, char* to, std::size_t size, std::size_t* got) {
  BIO_clear_retry_flags(bio);
  *got = static_cast<TlsBytes*>(BIO_get_data(bio))->take(to, size);
  if (*got > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

int bio_write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  *written = 0;
  if (!static_cast<TlsBytes*>(BIO_get_data(bio))->put(data, size)) return 0;
  *written = size;
  return 1;
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

/// Lives as long as the process: connections of any thread may still use it while statics are
/// destroyed.
const BIO_METHOD* bio_method() {
  static const BIO_METHOD* const shared = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reqivo bytes");
    if (method == nullptr) throw std::bad_alloc();
    BIO_meth_set_create(method, bio_create);
    BIO_meth_set_read_ex(method, bio_read);
    BIO_meth_set_write_ex(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    return method;
  }();
  return shared;
}

}  // namespace

void TlsBytes::note_first_bytes(std::string_view ciphertext) {
  if (first_bytes_.size() == record_header_size) return;
  first_bytes_ += ciphertext.substr(0, record_header_size - first_bytes_.size());
}

void TlsBytes::append(std::string_view ciphertext) {
  if (consumed_ > 0 && consumed_ >= input_.size() - consumed_) {
    input_.erase(0, consumed_);
    consumed_ = 0;
  }
  input_ += ciphertext;
}

void TlsBytes::feed(std::string_view ciphertext) {
  note_first_bytes(ciphertext);
  append(ciphertext);
}

void TlsBytes::lend(std::string_view ciphertext) {
  note_first_bytes(ciphertext);
  lent_ = ciphertext;
}

void TlsBytes::keep_lent() {
  if (!lent_.empty()) append(std::exchange(lent_, {}));
}

std::size_t TlsBytes::take(char* to, std::size_t size) noexcept {
  if (!input_.empty()) return take_kept(to, size);
  const std::size_t count = std::min(size, lent_.size());
  if (count == 0) return 0;
  std::memcpy(to, lent_.data(), count);
  lent_.remove_prefix(count);
  return count;
}

std::size_t TlsBytes::take_kept(char* to, std::size_t size) noexcept {
  const std::size_t count = std::min(size, input_.size() - consumed_);
  std::memcpy(to, input_.data() + consumed_, count);
  consumed_ += count;
  if (consumed_ == input_.size()) {
    input_.clear();
    consumed_ = 0;
  }
  return count;
}

void TlsBytes::release_large() noexcept {
  if (input_.empty() && input_.capacity() > kept_input) std::string().swap(input_);
  if (output_.empty() && output_.capacity() > kept_output) std::string().swap(output_);
}

void TlsBytes::drop_input() noexcept {
  std::string().swap(input_);
  consumed_ = 0;
  lent_ = {};
}

bool TlsBytes::put(const char* data, std::size_t size) noexcept {
  try {
    output_.append(data, size);
    return true;
  } catch (...) {
    return false;
  }
}

BIO* new_tls_bio(TlsBytes& bytes) {
  BIO* bio = BIO_new(bio_method());
  if (bio != nullptr) BIO_set_data(bio, &bytes);
  return bio;
}

}  // namespace reqivo::native
