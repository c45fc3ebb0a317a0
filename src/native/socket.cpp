#include "native/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/error.hpp>
#include <utility>

#include "native/system_results.hpp"

namespace reqivo::native {
namespace {

// Sending to a peer that has gone is an error, not a signal that ends the program.
#ifdef MSG_NOSIGNAL
constexpr int send_flags = MSG_NOSIGNAL;
#else
constexpr int send_flags = 0;  // macOS: Asio has set SO_NOSIGPIPE on the socket
#endif

iovec part_of(std::string_view bytes, std::size_t from) noexcept {
  // iovec has no const; sendmsg does not write.
  return {const_cast<char*>(bytes.data()) + from, bytes.size() - from};
}

}  // namespace

/// Shared by the socket and its awaiters. Pending operations are tried again when the reactor says
/// so.
class Socket::State final : private Reactor::Client {
 public:
  State(std::shared_ptr<Reactor> reactor, int connected)
      : reactor_(std::move(reactor)), socket_(connected) {
    int on = 1;
    static_cast<void>(::ioctl(socket_, FIONBIO, &on));
    static_cast<void>(::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    watched_ = reactor_->add(socket_, *this);
    if (watched_) return;
    read_error_ = last_error();  // the first `Fill` reports it
    read_done_ = true;
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { close(); }

  // ---- reading

  [[nodiscard]] std::string_view input() const noexcept {
    return {buffer_.get() + begin_, end_ - begin_};
  }
  [[nodiscard]] BufferPool& buffers() const noexcept { return reactor_->buffers(); }
  void consume(std::size_t count) noexcept {
    begin_ += count;
    if (begin_ == end_) release_buffer();
  }
  void set_buffer_size(std::size_t size) {
    if (begin_ != end_ || size == wanted_size_) return;
    buffer_.reset();
    wanted_size_ = size;
  }

  /// True: there is something to report without waiting. Tries only where more is likely: after a
  /// short read the kernel has nothing, and asking would be a system call for nothing.
  bool read_now() { return !read_pending_ && expect_more_ && receive(); }
  void watch() {
    // A read that ended while something was sent may have been dealt with since.
    if (read_done_ && begin_ == end_) static_cast<void>(take_early_input());
    if (read_pending_ || read_done_) return;
    if (read_now()) {
      read_done_ = true;
    } else {
      start_read();
    }
  }
  void start_read() noexcept { read_pending_ = true; }
  [[nodiscard]] std::error_code take_read_error() noexcept {
    read_done_ = false;
    return std::exchange(read_error_, {});
  }
  [[nodiscard]] bool read_done() const noexcept { return read_done_; }
  /// False: the read ended with an error, which stays for the next `Fill`.
  [[nodiscard]] bool take_early_input() noexcept {
    if (read_error_) return false;
    read_done_ = false;
    return true;
  }
  /// Reads what there is, or will be from now on; the next `Fill` reports it, unless
  /// `take_early_input` does before.
  bool has_early_input() {
    if (!read_done_) {
      if (read_now()) {
        read_done_ = true;
      } else {
        start_read();  // poll looks for nothing that is not wanted
      }
    }
    return read_done_;
  }
  [[nodiscard]] bool read_pending() const noexcept { return read_pending_; }
  void set_read_waiter(detail::PromiseBase* waiter) noexcept { set_waiter(read_waiter_, waiter); }
  /// Where bytes are read into from now on; null: into the buffer.
  void set_chunk(BodyChunk* chunk) noexcept { chunk_ = chunk; }

  // ---- writing

  void set_outgoing(OutgoingBytes bytes) noexcept {
    outgoing_ = std::move(bytes);
    sent_ = 0;
    write_error_ = {};
  }
  /// True: all is sent, or it failed.
  bool write_now() noexcept {
    while (sent_ < outgoing_.size()) {
      std::error_code error;
      const std::size_t count = send_some(error);
      if (would_block(error)) return false;
      if (error) {
        write_error_ = error;
        return true;
      }
      note_written(count);
    }
    set_outgoing(OutgoingBytes());  // its memory is of use to others
    return true;
  }
  /// The same with these bytes, of which a copy is made where they do not go at once.
  bool write_now(std::string_view bytes) {
    std::error_code error;
    const std::size_t count =
        counted(::send(socket_, bytes.data(), bytes.size(), send_flags), error);
    if (count == bytes.size()) {
      write_error_ = {};
      if (progress_) progress_->moved();
      return true;
    }
    set_outgoing(OutgoingBytes(std::string(bytes)));
    if (would_block(error)) return false;
    if (error) {
      write_error_ = error;  // the kernel tells it once
      return true;
    }
    note_written(count);
    return write_now();
  }
  void start_write() noexcept { write_pending_ = true; }
  void abandon_write() noexcept { write_pending_ = false; }
  [[nodiscard]] std::error_code write_error() const noexcept { return write_error_; }
  [[nodiscard]] bool write_pending() const noexcept { return write_pending_; }
  void set_write_waiter(detail::PromiseBase* waiter) noexcept { set_waiter(write_waiter_, waiter); }

  // ---- the rest

  void set_progress(std::shared_ptr<detail::ExchangeProgress> progress) noexcept {
    progress_ = std::move(progress);
  }
  [[nodiscard]] bool look() noexcept {
    char byte = 0;
    std::error_code error;
    counted(::recv(socket_, &byte, 1, MSG_PEEK), error);
    return !would_block(error);
  }
  std::size_t try_send(std::string_view bytes) const noexcept {
    std::error_code ignored;  // whoever reads or writes next gets it again
    return counted(::send(socket_, bytes.data(), bytes.size(), send_flags), ignored);
  }
  /// Closes without sending what the kernel still holds (RFC 9293 §3.10.5, ABORT): a peer that does
  /// not read would otherwise not learn of it.
  void reset() noexcept {
    linger at_once{};
    at_once.l_onoff = 1;
    static_cast<void>(::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    close();
  }
  [[nodiscard]] bool all_sent() const noexcept { return sent_ == outgoing_.size(); }
  void close() noexcept {
    if (socket_ < 0) return;
    if (watched_) reactor_->remove(socket_);
    ::close(std::exchange(socket_, -1));
  }

 private:
  // ---- waiting

  void set_waiter(detail::PromiseBase*& current, detail::PromiseBase* waiter) noexcept {
    if (current != nullptr) reactor_->waiter_left();
    current = waiter;
    if (current != nullptr) reactor_->waiter_came();
  }
  [[nodiscard]] Reactor::Events wanted() const noexcept override {
    Reactor::Events events;
    events.readable = read_pending_;
    events.writable = write_pending_;
    return events;
  }
  void ready(Reactor::Events events) noexcept override {
    if (events.end) end_is_near_ = true;
    if (events.readable) {
      expect_more_ = true;
      if (read_pending_ && receive()) finish_read();
    }
    if (write_pending_ && events.writable && write_now()) finish_write();
  }
  void finish_read() noexcept {
    read_pending_ = false;
    read_done_ = true;
    if (read_waiter_ != nullptr) read_waiter_->wake();
  }
  void finish_write() noexcept {
    write_pending_ = false;
    if (write_waiter_ != nullptr) write_waiter_->wake();
  }

  // ---- bytes

  /// False: there is nothing to read now.
  [[nodiscard]] bool receive() noexcept {
    if (chunk_ == nullptr) make_room();
    char* const to = chunk_ != nullptr ? chunk_->room() : buffer_.get() + end_;
    const std::size_t room = chunk_ != nullptr ? chunk_->room_size() : size_ - end_;
    std::error_code error;
    const std::size_t count = counted(::recv(socket_, to, room, 0), error);
    if (would_block(error)) {
      expect_more_ = false;
      if (begin_ == end_) release_buffer();
      return false;
    }
    if (!error && count == 0) error = asio::error::eof;
    note_read(error, count, count == room);
    return true;
  }
  [[nodiscard]] std::size_t send_some(std::error_code& error) noexcept {
    const std::string_view own = outgoing_.own();
    const std::string_view shared = outgoing_.shared();
    const std::size_t own_sent = std::min(sent_, own.size());
    if (shared.empty()) {
      return counted(::send(socket_, own.data() + own_sent, own.size() - own_sent, send_flags),
                     error);
    }
    std::array<iovec, 2> parts = {part_of(own, own_sent), part_of(shared, sent_ - own_sent)};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(parts.size());  // int on BSD
    return counted(::sendmsg(socket_, &message, send_flags), error);
  }
  void release_buffer() noexcept {
    begin_ = end_ = 0;
    if (size_ != BufferPool::buffer_size) return;  // one of its own, for a large body
    reactor_->buffers().give_back(std::move(buffer_));
    size_ = 0;
  }
  void make_room() {
    if (buffer_ == nullptr) {
      const bool usual = wanted_size_ == BufferPool::buffer_size;
      buffer_ =
          usual ? reactor_->buffers().take() : std::make_unique_for_overwrite<char[]>(wanted_size_);
      size_ = wanted_size_;
    }
    if (end_ < size_) return;
    if (begin_ > 0) {
      std::char_traits<char>::move(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
      return;
    }
    auto larger = std::make_unique_for_overwrite<char[]>(2 * size_);
    std::char_traits<char>::copy(larger.get(), buffer_.get(), end_);
    buffer_ = std::move(larger);
    size_ *= 2;
  }
  void note_read(const std::error_code& error, std::size_t count, bool filled) noexcept {
    // The kernel had at least as much as there was room for, or the end comes behind these bytes.
    expect_more_ = count > 0 && (filled || end_is_near_);
    if (chunk_ != nullptr) {
      chunk_->note_received(count);
    } else {
      end_ += count;
    }
    read_error_ = error;
    if (progress_ && count > 0) progress_->moved();
  }
  void note_written(std::size_t count) noexcept {
    sent_ += count;
    if (progress_ && count > 0) progress_->moved();
  }

  std::shared_ptr<Reactor> reactor_;
  int socket_;
  bool watched_ = false;
  bool end_is_near_ = false;
  std::shared_ptr<detail::ExchangeProgress> progress_;

  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0;
  std::size_t wanted_size_ = BufferPool::buffer_size;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  BodyChunk* chunk_ = nullptr;
  bool expect_more_ = false;
  bool read_pending_ = false;
  bool read_done_ = false;
  std::error_code read_error_;
  detail::PromiseBase* read_waiter_ = nullptr;

  OutgoingBytes outgoing_;
  std::size_t sent_ = 0;
  bool write_pending_ = false;
  std::error_code write_error_;
  detail::PromiseBase* write_waiter_ = nullptr;
};

// ---- Fill

Socket::Fill::Fill(std::shared_ptr<State> state, BodyChunk* chunk) noexcept
    : state_(std::move(state)) {
  state_->set_chunk(chunk);
}

Socket::Fill::~Fill() {
  state_->set_chunk(nullptr);
  if (!waiting_) return;
  state_->set_read_waiter(nullptr);
  if (state_->read_pending()) state_->close();
}

bool Socket::Fill::await_ready() noexcept { return state_->read_done() || state_->read_now(); }

void Socket::Fill::wait(detail::PromiseBase& waiter) {
  waiting_ = true;
  state_->set_read_waiter(&waiter);
  state_->start_read();
}

std::error_code Socket::Fill::await_resume() noexcept {
  if (waiting_) state_->set_read_waiter(nullptr);
  waiting_ = false;
  state_->set_chunk(nullptr);
  return state_->take_read_error();
}

// ---- Write

Socket::Write::Write(std::shared_ptr<State> state, OutgoingBytes bytes) : state_(std::move(state)) {
  state_->set_outgoing(std::move(bytes));
}

Socket::Write::Write(std::shared_ptr<State> state) : state_(std::move(state)) {}

Socket::Write::~Write() {
  if (!waiting_) return;
  state_->set_write_waiter(nullptr);
  if (state_->write_pending()) state_->reset();
}

bool Socket::Write::await_ready() noexcept { return state_->write_now(); }

void Socket::Write::wait(detail::PromiseBase& waiter) {
  waiting_ = true;
  state_->set_write_waiter(&waiter);
  state_->start_write();
}

std::error_code Socket::Write::await_resume() noexcept {
  if (waiting_) state_->set_write_waiter(nullptr);
  waiting_ = false;
  return state_->write_error();
}

// ---- Socket

Socket::Socket(std::shared_ptr<Reactor> reactor, int connected)
    : state_(std::make_shared<State>(std::move(reactor), connected)) {}

Socket::Socket(Socket&&) noexcept = default;

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}

Socket::~Socket() { close(); }

std::optional<std::error_code> Socket::write_now(std::string_view bytes) {
  if (!state_->write_now(bytes)) return std::nullopt;
  return state_->write_error();
}
std::string_view Socket::input() const noexcept { return state_->input(); }
BufferPool& Socket::buffers() const noexcept { return state_->buffers(); }
void Socket::consume(std::size_t count) noexcept { state_->consume(count); }
void Socket::set_buffer_size(std::size_t size) { state_->set_buffer_size(size); }
void Socket::abandon_write() noexcept { state_->abandon_write(); }
bool Socket::write_unfinished() const noexcept { return !state_->all_sent(); }
void Socket::set_progress(std::shared_ptr<detail::ExchangeProgress> progress) noexcept {
  state_->set_progress(std::move(progress));
}
void Socket::watch() { state_->watch(); }
bool Socket::stirred() const noexcept { return state_->read_done(); }
bool Socket::has_early_input() { return state_->has_early_input(); }
void Socket::wake_on_input(detail::PromiseBase* waiter) noexcept {
  state_->set_read_waiter(waiter);
}
bool Socket::take_early_input() noexcept { return state_->take_early_input(); }
bool Socket::look() noexcept { return state_->look(); }
std::error_code Socket::take_error() noexcept { return state_->take_read_error(); }
std::size_t Socket::try_send(std::string_view bytes) noexcept { return state_->try_send(bytes); }
void Socket::close() noexcept {
  if (state_) state_->close();
}

}  // namespace reqivo::native
