#include "native/name_service.hpp"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX, not C++

#include <algorithm>
#include <cerrno>
#include <exception>
#include <thread>
#include <utility>

namespace reqivo::native {

namespace {

NameAnswer ask(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  NameAnswer answer;
  answer.error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  answer.system_error = answer.error == EAI_SYSTEM ? errno : 0;
  if (answer.error != 0) return answer;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, &freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
    answer.addresses.emplace_back(entry->ai_addr, entry->ai_addrlen);
  }
  return answer;
}

/// The name exists, with no address of the families asked for.
bool lacks_family(int error) {
#ifdef EAI_NODATA
  if (error == EAI_NODATA) return true;
#endif
#ifdef EAI_ADDRFAMILY
  if (error == EAI_ADDRFAMILY) return true;
#endif
  return false;
}

/// Keeps the signals of the process away from a thread that is about to start.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

NameAnswer out_of_memory() {
  NameAnswer answer;
  answer.error = EAI_MEMORY;
  return answer;
}

}  // namespace

NameAnswer ask_system(const std::string& host) {
  NameAnswer answer = ask(host, AI_ADDRCONFIG);
  // Loopback does not count as configured: a name that means only that (in /etc/hosts) would be
  // lost.
  return lacks_family(answer.error) ? ask(host, 0) : answer;
}

std::shared_ptr<NameService> NameService::make(Options options) {
  return std::shared_ptr<NameService>(new NameService(std::move(options)));
}

const std::shared_ptr<NameService>& NameService::of_process() {
  // Never destroyed: its threads may outlive every static object.
  static const auto& service = *new std::shared_ptr<NameService>(make(Options()));
  return service;
}

void NameService::look_up(const std::string& host, std::shared_ptr<Waiter> waiter) {
  std::unique_lock lock(mutex_);
  if (const auto found = jobs_.find(host); found != jobs_.end()) {
    found->second->waiters.push_back(std::move(waiter));
    return;
  }
  auto job = std::make_shared<Job>();
  job->host = host;
  job->waiters.push_back(std::move(waiter));
  queue_.push_back(job);
  try {
    jobs_.emplace(host, job);
  } catch (...) {
    queue_.pop_back();
    throw;
  }
  if (queue_.size() <= idle_threads_) {
    wake_.notify_one();
    return;
  }
  if (threads_ >= options_.most_threads || start_thread() || threads_ > 0) return;
  // No thread now, and none that could come back to the queue.
  queue_.pop_back();
  lock.unlock();
  NameAnswer answer;
  answer.error = EAI_SYSTEM;
  answer.system_error = EAGAIN;
  finish(job, answer);
}

std::size_t NameService::thread_count() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

/// With the mutex held.
bool NameService::start_thread() {
  const BlockedSignals blocked;
  try {
    std::thread([self = shared_from_this()] { self->serve(); }).detach();
  } catch (const std::exception&) {
    return false;
  }
  ++threads_;
  return true;
}

void NameService::serve() {
  std::unique_lock lock(mutex_);
  while (const std::shared_ptr<Job> job = next_job(lock)) {
    lock.unlock();
    NameAnswer answer;
    try {
      answer = options_.query(job->host);
      answer.addresses = ordered_for_racing(std::move(answer.addresses));
    } catch (...) {
      answer = out_of_memory();
    }
    finish(job, answer);
    lock.lock();
  }
  --threads_;
}

/// Waits for a job that somebody wants; null when it is time to leave.
std::shared_ptr<NameService::Job> NameService::next_job(std::unique_lock<std::mutex>& lock) {
  while (true) {
    ++idle_threads_;
    const bool woken = wake_.wait_for(lock, options_.idle, [this] { return !queue_.empty(); });
    --idle_threads_;
    if (!woken) return nullptr;
    std::shared_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    const auto abandoned = [](const auto& waiter) { return waiter->abandoned(); };
    if (!std::all_of(job->waiters.begin(), job->waiters.end(), abandoned)) return job;
    jobs_.erase(job->host);
  }
}

void NameService::finish(const std::shared_ptr<Job>& job, const NameAnswer& answer) {
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    const std::lock_guard lock(mutex_);
    jobs_.erase(job->host);
    waiters.swap(job->waiters);
  }
  for (const auto& waiter : waiters) waiter->answered(answer);
}

}  // namespace reqivo::native
