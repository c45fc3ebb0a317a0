// Connections that are kept for the next request.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <reqivo/detail/task.hpp>
#include <reqivo/detail/timer.hpp>
#include <reqivo/options.hpp>
#include <string>

#include "native/connection.hpp"

namespace reqivo::native {

class PoolState;
struct PoolOrigin;

/// Which kept connection a request can take.
enum class KeptConnection {
  any,      ///< it may be sent again where the connection turns out to be closed
  checked,  ///< the kernel is asked whether it is closed, however lately it was in use
  none,     ///< a new one is wanted
};

/// The right to one open connection to an origin, and the connection once there is one. Destroying
/// it closes the connection; `give_back` keeps it for others. May outlive the pool.
class Lease {
 public:
  Lease() noexcept = default;
  Lease(std::shared_ptr<PoolState> pool, PoolOrigin& origin,
        std::unique_ptr<Connection> connection) noexcept
      : pool_(std::move(pool)),
        origin_(&origin),
        connection_(std::move(connection)),
        reused_(connection_ != nullptr) {}
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }
  /// Null until one was connected.
  [[nodiscard]] const std::unique_ptr<Connection>& connection() const noexcept {
    return connection_;
  }
  /// The connection was not made for this lease: it has lain idle.
  [[nodiscard]] bool reused() const noexcept { return reused_; }
  void set_connection(std::unique_ptr<Connection> connection) noexcept {
    connection_ = std::move(connection);
  }
  /// The connection goes to whoever waits for one, or lies idle; `since` is when it was last used.
  void give_back(detail::TimePoint since) noexcept;
  /// The same, last used right now.
  void give_back() noexcept;

 private:
  void drop() noexcept;

  std::shared_ptr<PoolState> pool_;
  PoolOrigin* origin_ = nullptr;  // stays while `pool_` has this lease
  std::unique_ptr<Connection> connection_;
  bool reused_ = false;
};

/// The connections of one session: per origin, the one used last first. Counts what is open and
/// being opened against the limits; who finds no room waits in order of arrival.
class Pool {
 public:
  explicit Pool(const Limits& limits);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  /// Closes what lies idle; what is leased stays with its lease.
  ~Pool();

  /// A lease with an idle connection that still looks usable, or with none: then the caller
  /// connects. Waits, without limit, while there is no room.
  Task<Lease> acquire(std::string origin, KeptConnection kept);
  /// The same without waiting. None: there is no room.
  [[nodiscard]] std::optional<Lease> try_acquire(const std::string& origin, KeptConnection kept,
                                                 detail::TimePoint now);
  /// Closes every idle connection.
  void close_idle() noexcept;

 private:
  std::shared_ptr<PoolState> state_;
};

}  // namespace reqivo::native
