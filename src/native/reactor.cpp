#include "native/reactor.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <system_error>
#include <utility>

namespace reqivo::native {
namespace {

/// Sockets told in one go: what they receive is to be still in the processor's cache when the
/// coroutines that it is for go on.
constexpr std::size_t most_at_once = 64;

}  // namespace

Reactor::Reactor(std::function<void()> became_busy)
    : became_busy_(std::move(became_busy)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event event{};  // no client: the alarm
  event.events = EPOLLIN;
  if (timer_ >= 0 && epoll_ >= 0 && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_, &event) == 0) return;
  const int error = errno;
  if (timer_ >= 0) ::close(timer_);
  if (epoll_ >= 0) ::close(epoll_);
  throw std::system_error(error, std::generic_category(), "epoll");
}

Reactor::~Reactor() {
  ::close(epoll_);
  ::close(timer_);
}

bool Reactor::add(int socket, Client& client) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &client;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) return false;
  if (++watched_ == 1) became_busy_();
  return true;
}

void Reactor::remove(int socket) noexcept {
  // Not left to close(2): a descriptor that the program has duplicated would go on telling.
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  --watched_;
}

void Reactor::set_alarm(detail::TimePoint when) noexcept {
  if (alarm_ && *alarm_ <= when) return;
  alarm_ = when;
  move_timer(when);
}

void Reactor::clear_alarm() noexcept {
  if (!alarm_) return;
  alarm_.reset();
  move_timer(detail::TimePoint());
}

/// The clock's zero stops the timer: timerfd_settime(2).
void Reactor::move_timer(detail::TimePoint when) const noexcept {
  const auto since_zero = when.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_zero);
  itimerspec setting{};
  setting.it_value.tv_sec = seconds.count();
  setting.it_value.tv_nsec = std::chrono::nanoseconds(since_zero - seconds).count();
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

void Reactor::dispatch(Wait wait) noexcept {
  std::array<epoll_event, most_at_once> events;
  const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                 wait == Wait::no ? 0 : -1);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) {
      clear_alarm();  // which also makes the timer unreadable again
    } else {
      static_cast<Client*>(event.data.ptr)->ready(event.events);
    }
  }
}

}  // namespace reqivo::native
