// The reactor of any POSIX system: poll(2). Asio has nothing of poll's to wait for, so where it is
// to wait, it waits for each socket.
#include <poll.h>

#include <algorithm>
#include <asio/error.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "native/reactor.hpp"

namespace reqivo::native {
namespace {

/// A socket, and what Asio waits for on its behalf; handlers share it.
struct Watched {
  Watched(int descriptor, Reactor::Client& its_client, asio::io_context& context)
      : socket(descriptor), client(&its_client), in_asio(context) {}
  int socket;
  Reactor::Client* client;
  asio::posix::stream_descriptor in_asio;  // open until the reactor forgets the socket
  bool read_armed = false;
  bool write_armed = false;
};

pollfd request_for(const Watched& watched) noexcept {
  const Reactor::Events wanted = watched.client->wanted();
  pollfd request{};
  request.events = static_cast<short>((wanted.readable ? POLLIN : 0) |  //
                                      (wanted.writable ? POLLOUT : 0));
  // One that wants nothing is left out, or its end would keep every wait from waiting.
  request.fd = request.events != 0 ? watched.socket : -1;
  return request;
}

Reactor::Events events_of(short mask) noexcept {
  const bool failed = (mask & (POLLHUP | POLLERR | POLLNVAL)) != 0;
  Reactor::Events events;
  events.readable = failed || (mask & POLLIN) != 0;
  events.writable = failed || (mask & POLLOUT) != 0;
  events.end = events.readable;
  return events;
}

class PollReactor final : public Reactor, public std::enable_shared_from_this<PollReactor> {
 public:
  PollReactor(std::shared_ptr<asio::io_context> context, std::function<void()> something_came)
      : something_came_(std::move(something_came)),
        context_(std::move(context)),
        timer_(*context_) {}

  bool add(int socket, Client& client) noexcept override {
    auto watched = std::make_shared<Watched>(socket, client, *context_);
    std::error_code error;
    watched->in_asio.assign(socket, error);
    if (error) {
      errno = error.value();
      return false;
    }
    watched_.push_back(std::move(watched));
    return true;
  }
  void remove(int socket) noexcept override {
    for (auto& watched : watched_) {
      if (watched->socket != socket) continue;
      static_cast<void>(watched->in_asio.release());  // its owner closes it
      watched.swap(watched_.back());
      watched_.pop_back();
      return;
    }
  }
  [[nodiscard]] bool watches_any() const noexcept override { return !watched_.empty(); }

  void set_alarm(detail::TimePoint when) noexcept override {
    if (!alarm_ || when < *alarm_) alarm_ = when;
  }

  void dispatch(Wait wait) noexcept override {
    requests_.clear();
    for (const auto& watched : watched_) requests_.push_back(request_for(*watched));
    const int count = ::poll(requests_.data(), static_cast<nfds_t>(requests_.size()),
                             wait == Wait::no ? 0 : milliseconds_to_wait());
    if (alarm_ && *alarm_ <= std::chrono::steady_clock::now()) alarm_.reset();
    if (count <= 0) return;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (requests_[i].revents != 0) watched_[i]->client->ready(events_of(requests_[i].revents));
    }
  }

  void arm() override {
    for (const auto& watched : watched_) {
      const Events wanted = watched->client->wanted();
      if (wanted.readable)
        arm_for(watched, asio::posix::descriptor_base::wait_read, &Watched::read_armed);
      if (wanted.writable)
        arm_for(watched, asio::posix::descriptor_base::wait_write, &Watched::write_armed);
    }
    arm_timer();
  }
  void disarm() noexcept override {
    std::error_code ignored;
    for (const auto& watched : watched_) {
      if (watched->read_armed || watched->write_armed) watched->in_asio.cancel(ignored);
    }
    timer_armed_.reset();
    timer_.cancel();
  }

 private:
  /// Rounded up, so that the alarm is due afterwards. -1: without end, see poll(2).
  [[nodiscard]] int milliseconds_to_wait() const noexcept {
    if (!alarm_) return -1;
    const auto now = std::chrono::steady_clock::now();
    if (*alarm_ <= now) return 0;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*alarm_ - now);
    constexpr std::chrono::milliseconds longest(std::numeric_limits<int>::max());
    return static_cast<int>(std::min(wait, longest).count());
  }

  void arm_for(const std::shared_ptr<Watched>& watched,
               asio::posix::descriptor_base::wait_type what, bool Watched::*armed) {
    if ((*watched).*armed) return;
    (*watched).*armed = true;
    watched->in_asio.async_wait(what,
                                [self = weak_from_this(), watched, armed](const std::error_code&) {
                                  (*watched).*armed = false;
                                  const auto reactor = self.lock();
                                  if (reactor && watched->in_asio.is_open())
                                    reactor->something_came_();
                                });
  }
  void arm_timer() {
    if (!alarm_ || timer_armed_ == alarm_) return;
    timer_armed_ = alarm_;
    timer_.expires_at(*alarm_);
    timer_.async_wait([self = weak_from_this()](const std::error_code& error) {
      const auto reactor = self.lock();
      if (!reactor || error == asio::error::operation_aborted) return;
      reactor->timer_armed_.reset();
      reactor->something_came_();
    });
  }

  std::function<void()> something_came_;
  std::shared_ptr<asio::io_context> context_;
  std::vector<std::shared_ptr<Watched>> watched_;
  std::vector<pollfd> requests_;  // made anew for each wait; it only keeps its memory
  std::optional<detail::TimePoint> alarm_;
  std::optional<detail::TimePoint> timer_armed_;
  asio::steady_timer timer_;
};

}  // namespace

std::shared_ptr<Reactor> make_reactor(std::shared_ptr<asio::io_context> context,
                                      std::function<void()> something_came) {
  return std::make_shared<PollReactor>(std::move(context), std::move(something_came));
}

}  // namespace reqivo::native
