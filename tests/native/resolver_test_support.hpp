// Stand-ins for the event loop and the name server.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "native/resolver.hpp"

namespace reqivo::testing {

using native::Address;
using native::NameAnswer;
using native::NameService;
using native::Resolver;

/// A loop that runs what was posted when the test says so.
class ResolverLoop {
 public:
  Resolver::Post post() {
    return [this](std::function<void()> function) {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(function));
      changed_.notify_all();
    };
  }
  /// Blocks until `count` functions are there.
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return posted_.size() >= count; });
  }
  /// Runs what is there; gives how many that were.
  std::size_t run() {
    std::deque<std::function<void()>> functions;
    {
      const std::lock_guard lock(mutex_);
      functions.swap(posted_);
    }
    for (const auto& function : functions) function();
    return functions.size();
  }
  void run_next() {
    wait_for(1);
    run();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> posted_;
};

/// A name server that answers when told to. Shared with the threads that ask it.
class NameServer {
 public:
  NameAnswer ask(const std::string& host) {
    std::unique_lock lock(mutex_);
    asked_.push_back(host);
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    return answer_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void shut() {
    const std::lock_guard lock(mutex_);
    open_ = false;
  }
  inline void wait_until_asked(std::size_t times) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asked_.size() >= times; });
  }
  std::vector<std::string> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  NameServer& answer(int error, int system_error, const std::vector<const char*>& addresses) {
    answer_.error = error;
    answer_.system_error = system_error;
    for (const char* address : addresses) {
      answer_.addresses.push_back(*native::literal_address(address, 0));
    }
    return *this;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::vector<std::string> asked_;
  NameAnswer answer_;
};

/// A loop and a name server.
struct ResolverWorld {
  std::shared_ptr<NameServer> server = std::make_shared<NameServer>();
  ResolverLoop loop;

  std::shared_ptr<NameService> service(std::size_t most_threads = 16,
                                       std::chrono::milliseconds idle = std::chrono::hours(1)) {
    NameService::Options options;
    options.query = [asked = server](const std::string& host) { return asked->ask(host); };
    options.most_threads = most_threads;
    options.idle = idle;
    return NameService::make(std::move(options));
  }
};

/// Where a callback leaves what it was given.
struct ResolverAnswer {
  int calls = 0;
  std::vector<std::string> addresses;
  std::optional<reqivo::detail::Failure> failure;

  Resolver::Callback callback() {
    return [this](detail::Outcome<std::vector<Address>> outcome) {
      ++calls;
      if (!outcome) {
        failure = outcome.failure();
        return;
      }
      for (const Address& address : outcome.value()) addresses.push_back(address.to_string());
    };
  }
};

inline void wait_until_threads_left(const NameService& service) {
  while (service.thread_count() > 0) std::this_thread::yield();
}

}  // namespace reqivo::testing
