// A request that is sent while its answer may come.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <reqivo/detail/timer.hpp>
#include <string>
#include <utility>

#include "native/connection.hpp"
#include "platform/transport.hpp"
#include "side_task.hpp"

namespace reqivo::native {

/// Sends a head and its body beside whoever reads the answer: a server may answer before it has the
/// whole body, and may take no more of it until its answer is read.
///
/// Lifetime: the connection outlives it. Destroying it while it sends resets the connection, for
/// half a request is of use to no one; after `abandon` it does not.
class Upload {
 public:
  /// Begins to send.
  Upload(Connection& connection, std::shared_ptr<detail::ExchangeProgress> progress,
         std::string head, detail::RequestBody body);
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload();

  /// All is sent, or it failed.
  [[nodiscard]] bool done() const noexcept { return sending_.done(); }
  /// How it ended, once it is done. Throws what an UploadSource throws.
  [[nodiscard]] detail::Outcome<detail::Done> take() { return sending_.take(); }
  /// No more of it is sent once it is destroyed, and what the server says can still be read.
  void abandon() noexcept { connection_.abandon_write(); }

  /// The connection takes no more of it, and has not for so long.
  [[nodiscard]] bool stalled(Duration patience) const;

  /// `co_await upload.news(...)`: until it is done, or there is input, or the end of it, which
  /// `Connection::take_early_input` deals with; with `patience`, no longer than that.
  class [[nodiscard]] News final : private detail::TimerNode {
   public:
    News(Upload& upload, std::optional<Duration> patience) noexcept
        : upload_(upload), patience_(patience) {}
    News(const News&) = delete;
    News& operator=(const News&) = delete;
    ~News() { stop_waiting(); }
    [[nodiscard]] bool await_ready() const {
      return upload_.done() || upload_.connection_.has_early_input();
    }
    template <detail::KitPromise Promise>
    void await_suspend(std::coroutine_handle<Promise> waiter) noexcept {
      waiter_ = &waiter.promise();
      upload_.set_waiter(waiter_);
      if (patience_) schedule_after(*patience_);
    }
    void await_resume() noexcept { stop_waiting(); }

   private:
    void expired() noexcept override { waiter_->wake(); }
    void stop_waiting() noexcept {
      if (std::exchange(waiter_, nullptr) == nullptr) return;
      upload_.set_waiter(nullptr);
      if (scheduled()) cancel();
    }
    Upload& upload_;
    std::optional<Duration> patience_;
    detail::PromiseBase* waiter_ = nullptr;
  };
  [[nodiscard]] News news(std::optional<Duration> patience = std::nullopt) noexcept {
    return News(*this, patience);
  }

 private:
  class Sender;
  void set_waiter(detail::PromiseBase* waiter) noexcept {
    sending_.set_waiter(waiter);
    connection_.wake_on_input(waiter);
  }

  Connection& connection_;
  std::shared_ptr<detail::ExchangeProgress> progress_;
  std::shared_ptr<Sender> sender_;
  detail::SideTask sending_;
};

}  // namespace reqivo::native
