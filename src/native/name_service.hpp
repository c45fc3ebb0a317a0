// Threads that wait for getaddrinfo, so that no event loop has to.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "native/address.hpp"

namespace reqivo::native {

/// What the system said about a name.
struct NameAnswer {
  NameAnswer() = default;
  int error = 0;                   ///< 0, or one of getaddrinfo's EAI_ codes
  int system_error = 0;            ///< errno where `error` is EAI_SYSTEM
  std::vector<Address> addresses;  ///< in the system's order, with port 0
};

/// Asks the system and blocks for as long as that takes.
using NameQuery = std::function<NameAnswer(const std::string& host)>;

/// getaddrinfo for stream sockets. Families without a configured address are left out
/// (AI_ADDRCONFIG).
[[nodiscard]] NameAnswer ask_system(const std::string& host);

/// Runs queries on threads of its own, made as needed. Threads belong to nobody: nothing ever waits
/// for one, and one that waits for a slow server at the end of the process ends with it. Thread
/// safe.
class NameService : public std::enable_shared_from_this<NameService> {
 public:
  /// Someone who waits for a name.
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() = default;
    /// Called on a thread of the service, or within `look_up`; at most once.
    virtual void answered(const NameAnswer& answer) noexcept = 0;
    /// The answer is of no use any more: where nobody wants it the query is not even begun.
    [[nodiscard]] virtual bool abandoned() const noexcept = 0;
  };
  struct Options {
    Options() = default;
    NameQuery query = ask_system;
    std::size_t most_threads = 16;
    std::chrono::milliseconds idle = std::chrono::seconds(10);  ///< then a thread leaves
  };

  static std::shared_ptr<NameService> make(Options options);
  /// The process's own; it is never destroyed.
  static const std::shared_ptr<NameService>& of_process();

  /// Shares the query with whoever waits for the same name already.
  void look_up(const std::string& host, std::shared_ptr<Waiter> waiter);
  /// Threads that live now.
  [[nodiscard]] std::size_t thread_count() const;

 private:
  /// One query, waiting for a thread or under way.
  struct Job {
    std::string host;
    std::vector<std::shared_ptr<Waiter>> waiters;
  };
  explicit NameService(Options options) : options_(std::move(options)) {}
  bool start_thread();
  void serve();
  std::shared_ptr<Job> next_job(std::unique_lock<std::mutex>& lock);
  void finish(const std::shared_ptr<Job>& job, const NameAnswer& answer);

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t threads_ = 0;
  std::size_t idle_threads_ = 0;
  std::deque<std::shared_ptr<Job>> queue_;
  std::unordered_map<std::string, std::shared_ptr<Job>> jobs_;
};

}  // namespace reqivo::native
