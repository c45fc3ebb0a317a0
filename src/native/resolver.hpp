// Names to addresses for one event loop, without ever blocking it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "native/address.hpp"
#include "native/name_service.hpp"
#include "platform/failure.hpp"

namespace reqivo::native {

/// Resolves on the threads of a `NameService`. All of it but what runs there belongs to the loop's
/// thread. Neither destroying it nor dropping a lookup waits for a name server.
class Resolver {
 public:
  /// Runs a function on the loop's thread, soon and never within the call. Called on any thread,
  /// but not after the Resolver is destroyed; functions that it never runs may simply be destroyed.
  using Post = std::function<void(std::function<void()>)>;
  /// The addresses, in the order in which to try them, at least one; or failure `dns`, phase
  /// resolve, retryable.
  using Callback = std::function<void(detail::Outcome<std::vector<Address>>)>;

  /// One lookup under way. Dropping it abandons it: its callback does not run after that, and is
  /// destroyed. May outlive the Resolver; its callback then never runs.
  class [[nodiscard]] Lookup {
   public:
    Lookup() = default;
    Lookup(Lookup&&) noexcept = default;
    Lookup& operator=(Lookup&& other) noexcept;
    ~Lookup() { abandon(); }
    void abandon() noexcept;

   private:
    friend class Resolver;
    class Pending;
    explicit Lookup(std::shared_ptr<Pending> pending) noexcept;
    std::shared_ptr<Pending> pending_;
  };

  explicit Resolver(Post post, std::shared_ptr<NameService> service = NameService::of_process());
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver();

  /// `host` as in `Url::host()`. The callback runs once, on the loop's thread, never within this
  /// call.
  Lookup start(std::string_view host, std::uint16_t port, Callback callback);

  /// What needs no lookup: the address of a literal, both loopback addresses for localhost names
  /// (RFC 6761 §6.3). Empty for every other name.
  [[nodiscard]] static std::vector<Address> known(std::string_view host, std::uint16_t port);

 private:
  class Mailbox;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<NameService> service_;
};

}  // namespace reqivo::native
