#include "native/pool.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/event_loop.hpp"
#include "scheduler.hpp"

namespace reqivo::native {
namespace {

detail::TimePoint current_time() { return detail::Scheduler::current().loop().now(); }

/// One request waiting for room.
class Waiter {
 public:
  explicit Waiter(KeptConnection wanted) noexcept : kept(wanted) {}
  KeptConnection kept;
  Lease granted;
  detail::PromiseBase* owner = nullptr;
  PoolOrigin* queue = nullptr;  // where it waits; null: it does not
  std::uint64_t number = 0;     // of all that wait or have waited
  Waiter* next = nullptr;
  Waiter* previous = nullptr;
};

struct IdleConnection {
  IdleConnection(std::unique_ptr<Connection> which, detail::TimePoint when)
      : connection(std::move(which)), since(when) {}
  std::unique_ptr<Connection> connection;
  detail::TimePoint since;
};

}  // namespace

/// What is open to one origin, and who waits for it.
struct PoolOrigin {
  PoolOrigin() = default;
  [[nodiscard]] bool unused() const noexcept { return open == 0 && first == nullptr; }

  std::deque<IdleConnection> idle;  // the oldest first
  std::size_t position = 0;         // among those with something idle, while it is one of them
  std::size_t open = 0;             // idle, leased and being connected
  Waiter* first = nullptr;
  Waiter* last = nullptr;
  std::uint64_t turn = 0;  // its number among those to be served; zero: it is none of them
  const std::string* name = nullptr;
};

/// Shared by the pool and its leases.
class PoolState final : public std::enable_shared_from_this<PoolState>, private detail::TimerNode {
 public:
  explicit PoolState(const Limits& limits) : TimerNode(Purpose::housekeeping), limits_(limits) {}

  /// `self` is this very state.
  [[nodiscard]] std::optional<Lease> try_lease(const std::shared_ptr<PoolState>& self,
                                               const std::string& origin, KeptConnection kept,
                                               detail::TimePoint now) {
    PoolOrigin& entry = entry_of(origin);
    auto lease = try_lease(self, entry, kept, now);
    if (!lease) forget_if_unused(entry);
    return lease;
  }

  void give_back(PoolOrigin& origin, std::unique_ptr<Connection> connection,
                 detail::TimePoint since) {
    if (!keeps_connections()) {
      connection->close();
      connection.reset();
      drop(origin);
      return;
    }
    connection->rest();
    keep_idle(origin, std::move(connection), since);
    if (!scheduled() && limits_.idle_timeout()) {
      schedule_at(detail::saturating_add(since, *limits_.idle_timeout()));
    }
    update_turn(origin);
    serve_waiters();
  }

  void drop(PoolOrigin& origin) {
    --origin.open;
    --open_;
    if (origin.unused()) {
      forget(origin);
    } else {
      update_turn(origin);
    }
    serve_waiters();
  }

  void close_idle() noexcept {
    while (!with_idle_.empty()) {
      PoolOrigin& origin = *with_idle_.back();
      while (!origin.idle.empty()) evict_oldest(origin);
      forget_if_unused(origin);
    }
    if (scheduled()) cancel();
  }
  void close() noexcept {
    closed_ = true;
    close_idle();
  }

  void enqueue(Waiter& waiter, const std::string& origin) {
    PoolOrigin& queue = entry_of(origin);
    waiter.queue = &queue;
    waiter.number = ++last_number_;
    waiter.previous = queue.last;
    (queue.last != nullptr ? queue.last->next : queue.first) = &waiter;
    queue.last = &waiter;
    update_turn(queue);
  }
  void remove(Waiter& waiter) noexcept {
    PoolOrigin* const queue = std::exchange(waiter.queue, nullptr);
    if (queue == nullptr) return;
    (waiter.previous != nullptr ? waiter.previous->next : queue->first) = waiter.next;
    (waiter.next != nullptr ? waiter.next->previous : queue->last) = waiter.previous;
    waiter.next = waiter.previous = nullptr;
    update_turn(*queue);
    forget_if_unused(*queue);
  }

 private:
  [[nodiscard]] bool keeps_connections() const noexcept {
    const auto& limit = limits_.idle_timeout();
    const bool kept = !limit || limit->nanoseconds().count() > 0;
    return kept && !closed_ && detail::Scheduler::existing() != nullptr;
  }

  using Origins = std::unordered_map<std::string, PoolOrigin>;

  [[nodiscard]] PoolOrigin& entry_of(const std::string& origin) {
    if (latest_ != nullptr && *latest_->name == origin) return *latest_;
    const auto found = origins_.try_emplace(origin).first;
    latest_ = &found->second;
    latest_->name = &found->first;
    return *latest_;
  }

  void forget(const PoolOrigin& origin) noexcept {
    if (latest_ == &origin) latest_ = nullptr;
    origins_.erase(origins_.find(*origin.name));
  }
  void forget_if_unused(const PoolOrigin& origin) noexcept {
    if (origin.unused()) forget(origin);
  }

  [[nodiscard]] std::optional<Lease> try_lease(const std::shared_ptr<PoolState>& self,
                                               PoolOrigin& entry, KeptConnection kept,
                                               detail::TimePoint now) {
    if (kept != KeptConnection::none) {
      auto connection = take_idle(entry, now, kept == KeptConnection::checked);
      if (connection) return Lease(self, entry, std::move(connection));
    }
    if (!has_room(entry) || !has_room()) return std::nullopt;
    make_room(entry);
    ++entry.open;
    ++open_;
    return Lease(self, entry, nullptr);
  }

  // ---- what lies idle

  void keep_idle(PoolOrigin& origin, std::unique_ptr<Connection> connection,
                 detail::TimePoint since) {
    if (origin.idle.empty()) {
      origin.position = with_idle_.size();
      with_idle_.push_back(&origin);
    }
    origin.idle.emplace_back(std::move(connection), since);
    ++idle_;
  }
  /// One connection of `origin` has left `origin.idle`.
  void note_taken(const PoolOrigin& origin) noexcept {
    --idle_;
    if (!origin.idle.empty()) return;
    with_idle_.back()->position = origin.position;
    with_idle_[origin.position] = with_idle_.back();
    with_idle_.pop_back();
  }

  [[nodiscard]] std::unique_ptr<Connection> take_idle(PoolOrigin& entry, detail::TimePoint now,
                                                      bool check) {
    while (!entry.idle.empty()) {
      auto connection = std::move(entry.idle.back().connection);
      const Duration idle(now - entry.idle.back().since);
      entry.idle.pop_back();
      note_taken(entry);
      // Where nobody has driven the loop meanwhile, its timer has not closed it.
      const bool expired =
          limits_.idle_timeout() && idle.nanoseconds() >= limits_.idle_timeout()->nanoseconds();
      if (!expired && connection->usable(idle, check)) return connection;
      --entry.open;
      --open_;
    }
    return nullptr;
  }

  void evict_oldest(PoolOrigin& entry) noexcept {
    entry.idle.front().connection->close();
    entry.idle.pop_front();
    note_taken(entry);
    --entry.open;
    --open_;
  }

  [[nodiscard]] PoolOrigin& with_oldest_idle() const noexcept {
    return **std::min_element(with_idle_.begin(), with_idle_.end(),
                              [](const PoolOrigin* one, const PoolOrigin* other) {
                                return one->idle.front().since < other->idle.front().since;
                              });
  }

  // ---- room

  // Whether one more connection may be opened, if need be in place of an idle one: as far as the
  // origin's own limit goes, and as far as the limit of all goes.
  [[nodiscard]] bool has_room(const PoolOrigin& entry) const noexcept {
    const auto& limit = limits_.connections_per_host();
    return !limit || entry.open < *limit || !entry.idle.empty();
  }
  [[nodiscard]] bool has_room() const noexcept {
    return !limits_.connections() || open_ < *limits_.connections() || idle_ > 0;
  }

  /// Only where there is room: closes the idle connection in whose place the new one comes.
  void make_room(PoolOrigin& entry) {
    const auto& limit = limits_.connections_per_host();
    if (limit && entry.open >= *limit) evict_oldest(entry);
    if (!limits_.connections() || open_ < *limits_.connections()) return;
    PoolOrigin& giving = with_oldest_idle();
    evict_oldest(giving);
    if (&giving != &entry) forget_if_unused(giving);
  }

  // ---- who waits

  /// Its first waiter, or whether there is room for it, may be another now.
  void update_turn(PoolOrigin& origin) {
    const bool served = origin.first != nullptr && has_room(origin);
    const std::uint64_t turn = served ? origin.first->number : 0;
    if (turn == origin.turn) return;
    if (turn == 0) {
      turns_.erase(origin.turn);
    } else if (origin.turn == 0) {
      turns_.emplace(turn, &origin);
    } else {
      auto entry = turns_.extract(origin.turn);
      entry.key() = turn;
      turns_.insert(std::move(entry));
    }
    origin.turn = turn;
  }

  /// Gives room to those who wait, first come first served, past those whose origin has none: those
  /// cost nothing here. Before and afterwards nobody waits who could be served.
  void serve_waiters() {
    if (turns_.empty() || !has_room()) return;
    detail::Scheduler* const scheduler = detail::Scheduler::existing();
    if (scheduler == nullptr) return;  // its thread ends: nobody goes on any more
    const std::shared_ptr<PoolState> self = shared_from_this();
    const detail::TimePoint now = scheduler->loop().now();
    while (!turns_.empty() && has_room()) {
      PoolOrigin& origin = *turns_.begin()->second;
      Waiter& waiter = *origin.first;
      waiter.granted = *try_lease(self, origin, waiter.kept, now);
      remove(waiter);
      waiter.owner->wake();
    }
  }

  void expired() noexcept override {
    const detail::TimePoint now = current_time();
    const Duration limit = *limits_.idle_timeout();
    std::optional<detail::TimePoint> next;
    for (std::size_t i = with_idle_.size(); i-- > 0;) {  // from the last: origins may leave
      PoolOrigin& origin = *with_idle_[i];
      auto& idle = origin.idle;
      while (!idle.empty() && detail::saturating_add(idle.front().since, limit) <= now) {
        evict_oldest(origin);
      }
      if (!idle.empty()) {
        const auto due = detail::saturating_add(idle.front().since, limit);
        next = next ? std::min(*next, due) : due;
      }
      forget_if_unused(origin);
    }
    if (next) schedule_at(*next);
  }

  Limits limits_;
  Origins origins_;
  PoolOrigin* latest_ = nullptr;  // who asked last, which is mostly who asks next
  std::vector<PoolOrigin*> with_idle_;
  std::size_t open_ = 0;
  std::size_t idle_ = 0;
  std::uint64_t last_number_ = 0;
  // Origins with a waiter that only the limit of all keeps waiting, by its first one's number.
  std::map<std::uint64_t, PoolOrigin*> turns_;
  bool closed_ = false;
};

namespace {

/// Waits in the pool's queue; leaves it, or hands on what it was granted, when destroyed.
class RoomAwaiter {
 public:
  RoomAwaiter(PoolState& pool, const std::string& origin, Waiter& waiter) noexcept
      : pool_(pool), origin_(origin), waiter_(waiter) {}
  RoomAwaiter(const RoomAwaiter&) = delete;
  RoomAwaiter& operator=(const RoomAwaiter&) = delete;
  ~RoomAwaiter() {
    pool_.remove(waiter_);
    waiter_.granted.give_back();  // granted, and then cancelled
  }
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <detail::KitPromise Promise>
  void await_suspend(std::coroutine_handle<Promise> owner) {
    waiter_.owner = &owner.promise();
    pool_.enqueue(waiter_, origin_);
  }
  void await_resume() const noexcept {}

 private:
  PoolState& pool_;
  const std::string& origin_;
  Waiter& waiter_;
};

Task<Lease> acquire_from(std::shared_ptr<PoolState> pool, std::string origin, KeptConnection kept) {
  if (auto lease = pool->try_lease(pool, origin, kept, current_time())) co_return std::move(*lease);
  Waiter waiter(kept);
  RoomAwaiter room(*pool, origin, waiter);
  co_await room;
  co_return std::move(waiter.granted);
}

}  // namespace

// ---- Lease

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    drop();
    pool_ = std::move(other.pool_);
    origin_ = other.origin_;
    connection_ = std::move(other.connection_);
    reused_ = other.reused_;
  }
  return *this;
}

Lease::~Lease() {
  if (pool_) drop();
}

void Lease::give_back(detail::TimePoint since) noexcept {
  const std::shared_ptr<PoolState> pool = std::move(pool_);
  if (!pool) return;
  if (connection_) {
    pool->give_back(*origin_, std::move(connection_), since);
  } else {
    pool->drop(*origin_);
  }
}

void Lease::give_back() noexcept {
  detail::Scheduler* const scheduler = detail::Scheduler::existing();
  give_back(scheduler != nullptr ? scheduler->loop().now() : detail::TimePoint());
}

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
