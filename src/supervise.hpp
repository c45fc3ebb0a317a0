// Runs one step of an exchange under its deadline and under its session's life.
#pragma once

#include <reqivo/detail/task.hpp>
#include <reqivo/detail/timer.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "deadline.hpp"
#include "platform/failure.hpp"
#include "scheduler.hpp"

namespace reqivo::detail {

/// What runs under a session, or under one exchange of it, so that the end of that can stop it.
class Supervisor {
 public:
  /// One running step: a node of the supervisor's list. Lifetime: within its supervisor's.
  class Step {
   public:
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   protected:
    explicit Step(Supervisor& supervisor) noexcept : supervisor_(supervisor) {}
    ~Step() { leave(); }
    void enter() noexcept;
    void leave() noexcept;
    [[nodiscard]] const Supervisor& supervisor() const noexcept { return supervisor_; }
    /// Everything under it is to end; it has left the list already. False: some of it is on the
    /// stack right now, and ends when it next suspends.
    virtual bool stop() noexcept = 0;

   private:
    friend class Supervisor;
    Supervisor& supervisor_;
    Step* next_ = nullptr;
    Step* previous_ = nullptr;
    bool entered_ = false;
  };

  Supervisor() = default;
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor() = default;

  /// Stops every running step; each ends with `closed` for this `reason`, a string literal. Later
  /// steps end so at once. False: some of it is on the stack right now, and ends when it next
  /// suspends.
  bool stop_all(std::string_view reason) noexcept;
  [[nodiscard]] bool any() const noexcept { return first_ != nullptr; }
  [[nodiscard]] bool stopped() const noexcept { return !reason_.empty(); }
  /// Why it was stopped; empty: it was not.
  [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

 private:
  Step* first_ = nullptr;
  std::string_view reason_;
};

/// Awaits a task that may be cut short: `co_await supervised` gives the task's outcome, or the
/// failure of the deadline that ran out, or `closed`. What is cut short is destroyed: at once where
/// its supervisor was stopped, in any case before the awaiter goes on.
template <class T>
class [[nodiscard]] Supervised final : public TimerNode,
                                       public Supervisor::Step,
                                       public ExchangeProgress::Listener {
 public:
  Supervised(Task<Outcome<T>> task, Supervisor& supervisor, const Deadline& deadline,
             ExchangeProgress& progress, const EventLoop& loop)
      : Step(supervisor),
        task_(std::move(task)),
        deadline_(deadline),
        progress_(progress),
        loop_(loop) {}
  Supervised(const Supervised&) = delete;
  Supervised& operator=(const Supervised&) = delete;
  ~Supervised() {
    if (owner_ != nullptr) progress_.set_listener(nullptr);
  }

  [[nodiscard]] bool await_ready() const noexcept { return supervisor().stopped(); }

  template <KitPromise Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) {
    owner_ = &waiting.promise();
    if (detail_promise(task_).start(owner_, wake_context, owner_)) return gives_way();
    if (supervisor().stopped()) return false;  // by what the task did just now
    enter();
    progress_.set_listener(this);
    watch();
    return true;
  }

  Outcome<T> await_resume() {
    if (scheduled()) cancel();
    leave();
    if (owner_ != nullptr && task_ && detail_promise(task_).finished()) {
      return detail_promise(task_).take();
    }
    destroy_task();
    if (cut_short_) return std::move(*cut_short_);
    return Failure(ErrorCode::closed, progress_.phase(), std::string(supervisor().reason()));
  }

 private:
  /// The task has finished at once. Where that goes on for long, others have their turn first.
  bool gives_way() {
    Scheduler& scheduler = Scheduler::current();
    if (!scheduler.had_its_share(progress_.last_activity())) return false;
    enter();
    scheduler.resume_next_turn(*owner_);
    return true;
  }
  /// Looks again when the next limit could run out; a timer that comes too early does no harm.
  void watch() {
    const auto check = deadline_.next_check(progress_);
    if (check && (!scheduled() || *check < watched_)) {
      watched_ = *check;
      schedule_at(*check);
    }
  }
  void limits_changed() noexcept override { watch(); }
  void expired() noexcept override {
    cut_short_ = deadline_.expired(progress_, loop_.now());
    if (cut_short_) {
      owner_->wake();
    } else {
      watch();  // bytes moved meanwhile, or another phase began
    }
  }
  bool stop() noexcept override {
    owner_->wake();
    if (detail_promise(task_).finished()) return true;
    const Scheduler* const scheduler = Scheduler::existing();  // none: nothing runs any more
    if (scheduler != nullptr && scheduler->is_running(detail_promise(task_))) return false;
    destroy_task();
    return true;
  }
  void destroy_task() noexcept { const Task<Outcome<T>> cancelled(std::move(task_)); }

  Task<Outcome<T>> task_;
  const Deadline& deadline_;
  ExchangeProgress& progress_;
  const EventLoop& loop_;
  TimePoint watched_{};
  PromiseBase* owner_ = nullptr;
  std::optional<Failure> cut_short_;
};

}  // namespace reqivo::detail
