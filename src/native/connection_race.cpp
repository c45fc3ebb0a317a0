#include "native/connection_race.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/error.hpp>
#include <chrono>
#include <utility>

#include "native/error_map.hpp"

namespace reqivo::native {
namespace {

/// RFC 8305 §8, "Connection Attempt Delay".
constexpr std::chrono::milliseconds attempt_delay(250);

/// Opens a socket that programs started by this one do not inherit: they would keep the connection
/// open. Where it cannot be opened, connecting tries again and tells why.
void open_for_this_program(asio::ip::tcp::socket& socket, const asio::ip::tcp& protocol) {
  std::error_code error;
#ifdef SOCK_CLOEXEC
  const int descriptor = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0) return;
  socket.assign(protocol, descriptor, error);
  if (error) ::close(descriptor);
#else
  socket.open(protocol, error);
  if (!error) ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
#endif
}

}  // namespace

/// One socket that connects. Its handler shares it and asks `race`, which is null once the race is
/// over.
struct ConnectionRace::Attempt {
  Attempt(asio::io_context& context, ConnectionRace& owner) : socket(context), race(&owner) {}
  asio::ip::tcp::socket socket;
  ConnectionRace* race;
};

ConnectionRace::ConnectionRace(std::shared_ptr<asio::io_context> context,
                               std::vector<asio::ip::tcp::endpoint> endpoints)
    : context_(std::move(context)), endpoints_(std::move(endpoints)) {}

ConnectionRace::~ConnectionRace() {
  for (const auto& attempt : attempts_) {
    attempt->race = nullptr;
    std::error_code ignored;
    if (attempt != winner_) attempt->socket.close(ignored);
  }
}

void ConnectionRace::start(detail::PromiseBase& waiter) {
  waiter_ = &waiter;
  if (endpoints_.empty()) {
    first_error_ = asio::error::host_not_found;
    waiter.wake();
    return;
  }
  start_next();
}

void ConnectionRace::start_next() {
  if (attempts_.size() == endpoints_.size()) return;
  const std::size_t number = attempts_.size();
  auto attempt = attempts_.emplace_back(std::make_shared<Attempt>(*context_, *this));
  open_for_this_program(attempt->socket, endpoints_[number].protocol());
  attempt->socket.async_connect(endpoints_[number],
                                [attempt, number](const std::error_code& error) {
                                  if (attempt->race != nullptr)
                                    attempt->race->finished(number, error);
                                });
  if (attempts_.size() < endpoints_.size()) schedule_after(attempt_delay);
}

void ConnectionRace::finished(std::size_t attempt, const std::error_code& error) {
  if (winner_) return;
  if (!error) {
    winner_ = attempts_[attempt];
    if (scheduled()) cancel();
    waiter_->wake();
    return;
  }
  if (!first_error_) first_error_ = error;
  ++failed_;
  if (failed_ == endpoints_.size()) {
    waiter_->wake();
  } else {
    start_next();
  }
}

void ConnectionRace::expired() noexcept { start_next(); }

detail::Outcome<Socket> ConnectionRace::await_resume() {
  if (!winner_) return connect_failure(first_error_);
  std::error_code error;
  const int descriptor = winner_->socket.release(error);
  if (error) return connect_failure(error);
  return Socket(AsioEventLoop::current().reactor(), descriptor);
}

}  // namespace reqivo::native
