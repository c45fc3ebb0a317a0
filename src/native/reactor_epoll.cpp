// The reactor of Linux: epoll, edge-triggered, and a timerfd. See epoll(7), timerfd_create(2).
//
// Asio's own reactor does not ask for EPOLLRDHUP, and so must try a read that finds nothing after
// every answer, lest it miss the end behind the bytes. This one tells of the end, which saves a
// system call for each request.
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include "native/reactor.hpp"
#include "prefetch.hpp"

namespace reqivo::native {
namespace {

constexpr detail::TimePoint clock_zero{};

/// Sockets told in one go: what they receive is to be still in the processor's cache when the
/// coroutines that it is for go on.
constexpr std::size_t most_at_once = 64;

/// The result of a call that gives -1 for an error.
int checked(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), call);
  return result;
}

class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(number_); }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_;
};

Reactor::Events events_of(std::uint32_t mask) noexcept {
  Reactor::Events events;
  events.end = (mask & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  events.readable = events.end || (mask & EPOLLIN) != 0;
  events.writable = events.end || (mask & EPOLLOUT) != 0;
  return events;
}

class EpollReactor final : public Reactor, public std::enable_shared_from_this<EpollReactor> {
 public:
  EpollReactor(std::shared_ptr<asio::io_context> context, std::function<void()> something_came)
      : something_came_(std::move(something_came)),
        context_(std::move(context)),
        timer_(checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd")),
        epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll")),
        epoll_in_asio_(*context_, checked(::fcntl(epoll_.number(), F_DUPFD_CLOEXEC, 0), "fcntl")) {
    epoll_event event{};  // no client: the alarm
    event.events = EPOLLIN;
    checked(::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, timer_.number(), &event), "epoll_ctl");
  }

  bool add(int socket, Client& client) noexcept override {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &client;
    if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, socket, &event) != 0) return false;
    ++watched_;
    return true;
  }
  void remove(int socket) noexcept override {
    // Not left to close(2): a descriptor that the program has duplicated would go on telling.
    ::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, socket, nullptr);
    --watched_;
  }
  [[nodiscard]] bool watches_any() const noexcept override { return watched_ > 0; }

  /// The kernel's timer is moved only to an earlier time: requests that end in time cost no system
  /// call for it, and neither has each wait a timer of its own.
  void set_alarm(detail::TimePoint when) noexcept override {
    if (alarm_ && *alarm_ <= when) return;
    alarm_ = when;
    move_timer(std::max(when, clock_zero + std::chrono::nanoseconds(1)));
  }

  void dispatch(Wait wait) noexcept override {
    std::array<epoll_event, most_at_once> events;
    const int count = ::epoll_wait(epoll_.number(), events.data(), static_cast<int>(events.size()),
                                   wait == Wait::no ? 0 : -1);
    for (int i = 0; i < count; ++i) {
      // Two ahead: one is told sooner than its successor could be fetched.
      if (i + 2 < count) detail::prefetch<448>(events[static_cast<std::size_t>(i) + 2].data.ptr);
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        clear_alarm();  // which also makes the timer unreadable again
      } else {
        static_cast<Client*>(event.data.ptr)->ready(events_of(event.events));
      }
    }
  }

  void arm() override {
    if (armed_) return;
    armed_ = true;
    epoll_in_asio_.async_wait(asio::posix::stream_descriptor::wait_read,
                              [self = weak_from_this()](const std::error_code&) {
                                if (const auto reactor = self.lock()) reactor->asio_waited();
                              });
  }
  void disarm() noexcept override {
    std::error_code ignored;
    if (armed_) epoll_in_asio_.cancel(ignored);
  }

 private:
  /// A wait that was cancelled tells too: it may have been armed again meanwhile.
  void asio_waited() {
    armed_ = false;
    something_came_();
  }
  void clear_alarm() noexcept {
    alarm_.reset();
    move_timer(clock_zero);
  }
  /// The clock's zero stops the timer, and no time before it can be set: timerfd_settime(2).
  void move_timer(detail::TimePoint when) const noexcept {
    const auto since_zero = when.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_zero);
    itimerspec setting{};
    setting.it_value.tv_sec = seconds.count();
    setting.it_value.tv_nsec = std::chrono::nanoseconds(since_zero - seconds).count();
    ::timerfd_settime(timer_.number(), TFD_TIMER_ABSTIME, &setting, nullptr);
  }

  std::function<void()> something_came_;
  std::shared_ptr<asio::io_context> context_;
  std::optional<detail::TimePoint> alarm_;
  Descriptor timer_;
  Descriptor epoll_;
  asio::posix::stream_descriptor epoll_in_asio_;  // a copy: Asio closes what it is given
  int watched_ = 0;
  bool armed_ = false;
};

}  // namespace

std::shared_ptr<Reactor> make_reactor(std::shared_ptr<asio::io_context> context,
                                      std::function<void()> something_came) {
  return std::make_shared<EpollReactor>(std::move(context), std::move(something_came));
}

}  // namespace reqivo::native
