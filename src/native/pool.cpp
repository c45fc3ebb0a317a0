#include "native/pool.hpp"

#include <algorithm>
#include <utility>

#include "platform/event_loop.hpp"
#include "scheduler.hpp"

namespace reqivo::native {
namespace {

detail::TimePoint current_time() { return detail::Scheduler::current().loop().now(); }

/// One request waiting for room.
class Waiter {
 public:
  Waiter(std::string wanted_origin, KeptConnection wanted)
      : origin(std::move(wanted_origin)), kept(wanted) {}
  std::string origin;
  KeptConnection kept;
  Lease granted;
  detail::PromiseBase* owner = nullptr;
  Waiter* next = nullptr;
  Waiter* previous = nullptr;
  bool queued = false;
};

struct IdleConnection {
  IdleConnection(std::unique_ptr<Connection> which, detail::TimePoint when)
      : connection(std::move(which)), since(when) {}
  std::unique_ptr<Connection> connection;
  detail::TimePoint since;
};

}  // namespace

/// What is open to one origin.
struct PoolOrigin {
  PoolOrigin() = default;
  std::deque<IdleConnection> idle;  // the oldest first
  std::size_t open = 0;             // idle, leased and being connected
  const std::string* name = nullptr;
};

/// Shared by the pool and its leases.
class PoolState final : public std::enable_shared_from_this<PoolState>, private detail::TimerNode {
 public:
  explicit PoolState(const Limits& limits) : limits_(limits) {}

  /// `self` is this very state.
  [[nodiscard]] std::optional<Lease> try_lease(const std::shared_ptr<PoolState>& self,
                                               const std::string& origin, KeptConnection kept,
                                               detail::TimePoint now) {
    PoolOrigin& entry = entry_of(origin);
    if (kept != KeptConnection::none) {
      auto connection = take_idle(entry, now, kept == KeptConnection::checked);
      if (connection) return Lease(self, entry, std::move(connection));
    }
    if (!make_room(entry)) {
      forget_if_unused(entry);
      return std::nullopt;
    }
    ++entry.open;
    ++open_;
    return Lease(self, entry, nullptr);
  }

  void give_back(PoolOrigin& origin, std::unique_ptr<Connection> connection,
                 detail::TimePoint since) {
    if (closed_ || (limits_.idle_timeout() && limits_.idle_timeout()->nanoseconds().count() <= 0)) {
      connection->close();
      connection.reset();
      drop(origin);
      return;
    }
    connection->rest();
    origin.idle.emplace_back(std::move(connection), since);
    ++idle_;
    if (!scheduled() && limits_.idle_timeout()) {
      schedule_at(detail::saturating_add(since, *limits_.idle_timeout()));
    }
    serve_waiters();
  }

  void drop(PoolOrigin& origin) {
    --origin.open;
    --open_;
    forget_if_unused(origin);
    serve_waiters();
  }

  void close_idle() noexcept {
    for (auto entry = origins_.begin(); entry != origins_.end();) {
      while (!entry->second.idle.empty()) evict_oldest(entry->second);
      entry = entry->second.open == 0 ? forget(entry) : std::next(entry);
    }
    if (scheduled()) cancel();
  }
  void close() noexcept {
    closed_ = true;
    close_idle();
  }

  void enqueue(Waiter& waiter) noexcept {
    waiter.queued = true;
    waiter.previous = last_;
    (last_ != nullptr ? last_->next : first_) = &waiter;
    last_ = &waiter;
  }
  void remove(Waiter& waiter) noexcept {
    if (!std::exchange(waiter.queued, false)) return;
    (waiter.previous != nullptr ? waiter.previous->next : first_) = waiter.next;
    (waiter.next != nullptr ? waiter.next->previous : last_) = waiter.previous;
    waiter.next = waiter.previous = nullptr;
  }

 private:
  using Origins = std::unordered_map<std::string, PoolOrigin>;

  [[nodiscard]] PoolOrigin& entry_of(const std::string& origin) {
    if (latest_ != nullptr && *latest_->name == origin) return *latest_;
    const auto found = origins_.try_emplace(origin).first;
    latest_ = &found->second;
    latest_->name = &found->first;
    return *latest_;
  }

  Origins::iterator forget(Origins::iterator entry) noexcept {
    if (latest_ == &entry->second) latest_ = nullptr;
    return origins_.erase(entry);
  }

  [[nodiscard]] std::unique_ptr<Connection> take_idle(PoolOrigin& entry, detail::TimePoint now,
                                                      bool check) {
    while (!entry.idle.empty()) {
      auto connection = std::move(entry.idle.back().connection);
      const Duration idle(now - entry.idle.back().since);
      entry.idle.pop_back();
      --idle_;
      if (connection->usable(idle, check)) return connection;
      --entry.open;
      --open_;
    }
    return nullptr;
  }

  /// True: one more connection may be opened for `entry`, if need be in place of an idle one.
  [[nodiscard]] bool make_room(PoolOrigin& entry) {
    if (limits_.connections_per_host() && entry.open >= *limits_.connections_per_host()) {
      if (entry.idle.empty()) return false;
      evict_oldest(entry);
    }
    if (!limits_.connections() || open_ < *limits_.connections()) return true;
    if (idle_ == 0) return false;
    PoolOrigin& giving = *with_oldest_idle();
    evict_oldest(giving);
    if (&giving != &entry) forget_if_unused(giving);
    return true;
  }

  [[nodiscard]] PoolOrigin* with_oldest_idle() noexcept {
    PoolOrigin* oldest = nullptr;
    for (auto& [name, entry] : origins_) {
      if (entry.idle.empty()) continue;
      if (oldest == nullptr || entry.idle.front().since < oldest->idle.front().since) {
        oldest = &entry;
      }
    }
    return oldest;
  }

  void evict_oldest(PoolOrigin& entry) noexcept {
    entry.idle.front().connection->close();
    entry.idle.pop_front();
    --idle_;
    --entry.open;
    --open_;
  }

  void forget_if_unused(const PoolOrigin& origin) {
    if (origin.open == 0) forget(origins_.find(*origin.name));
  }

  /// Gives room to those who wait, first come first served, past those whose origin has none.
  void serve_waiters() {
    if (first_ == nullptr) return;
    const std::shared_ptr<PoolState> self = shared_from_this();
    Waiter* waiter = first_;
    while (waiter != nullptr) {
      Waiter* const next = waiter->next;
      if (auto granted = try_lease(self, waiter->origin, waiter->kept, current_time())) {
        remove(*waiter);
        waiter->granted = std::move(*granted);
        waiter->owner->wake();
      }
      waiter = next;
    }
  }

  void expired() noexcept override {
    const detail::TimePoint now = current_time();
    const Duration limit = *limits_.idle_timeout();
    std::optional<detail::TimePoint> next;
    for (auto entry = origins_.begin(); entry != origins_.end();) {
      auto& idle = entry->second.idle;
      while (!idle.empty() && detail::saturating_add(idle.front().since, limit) <= now) {
        evict_oldest(entry->second);
      }
      if (!idle.empty()) {
        const auto due = detail::saturating_add(idle.front().since, limit);
        next = next ? std::min(*next, due) : due;
      }
      entry = entry->second.open == 0 ? forget(entry) : std::next(entry);
    }
    if (next) schedule_at(*next);
  }

  Limits limits_;
  Origins origins_;
  PoolOrigin* latest_ = nullptr;  // who asked last, which is mostly who asks next
  std::size_t open_ = 0;
  std::size_t idle_ = 0;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
  bool closed_ = false;
};

namespace {

/// Waits in the pool's queue; leaves it, or hands on what it was granted, when destroyed.
class RoomAwaiter {
 public:
  RoomAwaiter(PoolState& pool, Waiter& waiter) noexcept : pool_(pool), waiter_(waiter) {}
  RoomAwaiter(const RoomAwaiter&) = delete;
  RoomAwaiter& operator=(const RoomAwaiter&) = delete;
  ~RoomAwaiter() {
    pool_.remove(waiter_);
    if (waiter_.granted.connection()) waiter_.granted.give_back();  // granted, and then cancelled
  }
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <detail::KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> owner) noexcept {
    waiter_.owner = &owner.promise();
    pool_.enqueue(waiter_);
  }
  void await_resume() const noexcept {}

 private:
  PoolState& pool_;
  Waiter& waiter_;
};

Task<Lease> acquire_from(std::shared_ptr<PoolState> pool, std::string origin, KeptConnection kept) {
  if (auto lease = pool->try_lease(pool, origin, kept, current_time())) co_return std::move(*lease);
  Waiter waiter(std::move(origin), kept);
  RoomAwaiter room(*pool, waiter);
  co_await room;
  co_return std::move(waiter.granted);
}

}  // namespace

// ---- Lease

void Lease::give_back(detail::TimePoint since) noexcept {
  const std::shared_ptr<PoolState> pool = std::move(pool_);
  if (pool && connection_) pool->give_back(*origin_, std::move(connection_), since);
}

void Lease::give_back() noexcept { give_back(current_time()); }

void Lease::drop() noexcept {
  const std::shared_ptr<PoolState> pool = std::move(pool_);
  connection_.reset();
  if (pool) pool->drop(*origin_);
}

// ---- Pool

Pool::Pool(const Limits& limits) : state_(std::make_shared<PoolState>(limits)) {}

Pool::~Pool() { state_->close(); }

Task<Lease> Pool::acquire(std::string origin, KeptConnection kept) {
  return acquire_from(state_, std::move(origin), kept);
}

std::optional<Lease> Pool::try_acquire(const std::string& origin, KeptConnection kept,
                                       detail::TimePoint now) {
  return state_->try_lease(state_, origin, kept, now);
}

void Pool::close_idle() noexcept { state_->close_idle(); }

}  // namespace reqivo::native
