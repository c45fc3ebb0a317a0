#include "native/resolver.hpp"

#include <netdb.h>

#include <atomic>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

namespace reqivo::native {

namespace {

detail::Failure resolve_failure(const std::string& host, const NameAnswer& answer) {
  std::string reason = "no usable address";
  if (answer.error == EAI_SYSTEM) {
    reason = std::generic_category().message(answer.system_error);
  } else if (answer.error != 0) {
    reason = gai_strerror(answer.error);
  }
  return {ErrorCode::dns, Phase::resolve, "cannot resolve " + host + ": " + reason, true};
}

}  // namespace

/// The way to a loop that may be gone: closed by the Resolver, held by whoever still has something
/// to say.
class Resolver::Mailbox {
 public:
  explicit Mailbox(Post post) : post_(std::move(post)) {}

  void post(std::function<void()> function) {
    const std::lock_guard lock(mutex_);
    if (post_) post_(std::move(function));
  }
  void close() noexcept {
    const std::lock_guard lock(mutex_);
    post_ = nullptr;
  }

 private:
  std::mutex mutex_;
  Post post_;
};

/// Shared by the handle and the service. `callback_` is the loop's alone: threads of the service
/// only pass the object on, so that what the callback holds is never destroyed on one of them.
class Resolver::Lookup::Pending : public NameService::Waiter,
                                  public std::enable_shared_from_this<Pending> {
 public:
  Pending(std::shared_ptr<Mailbox> mailbox, std::string host, std::uint16_t port, Callback callback)
      : mailbox_(std::move(mailbox)),
        host_(std::move(host)),
        port_(port),
        callback_(std::move(callback)) {}

  void answered(const NameAnswer& answer) noexcept override {
    if (abandoned()) return;
    try {
      mailbox_->post([self = shared_from_this(), answer] { self->deliver(answer); });
    } catch (...) {
      // Out of memory: the loop cannot be told, and the caller's deadline ends the wait.
      return;
    }
  }
  [[nodiscard]] bool abandoned() const noexcept override { return abandoned_.load(); }

  void abandon() noexcept {
    abandoned_.store(true);
    const Callback dropped = std::exchange(callback_, nullptr);
  }

 private:
  void deliver(NameAnswer answer) {
    if (!callback_) return;
    const Callback callback = std::exchange(callback_, nullptr);
    for (Address& address : answer.addresses) address.set_port(port_);
    if (answer.error == 0 && !answer.addresses.empty()) {
      callback(std::move(answer.addresses));
    } else {
      callback(resolve_failure(host_, answer));
    }
  }

  const std::shared_ptr<Mailbox> mailbox_;
  const std::string host_;
  const std::uint16_t port_;
  std::atomic<bool> abandoned_ = false;
  Callback callback_;
};

Resolver::Lookup::Lookup(std::shared_ptr<Pending> pending) noexcept
    : pending_(std::move(pending)) {}

Resolver::Lookup& Resolver::Lookup::operator=(Lookup&& other) noexcept {
  if (this == &other) return *this;
  abandon();
  pending_ = std::move(other.pending_);
  return *this;
}

void Resolver::Lookup::abandon() noexcept {
  if (pending_) std::exchange(pending_, nullptr)->abandon();
}

Resolver::Resolver(Post post, std::shared_ptr<NameService> service)
    : mailbox_(std::make_shared<Mailbox>(std::move(post))), service_(std::move(service)) {}

Resolver::~Resolver() { mailbox_->close(); }

Resolver::Lookup Resolver::start(std::string_view host, std::uint16_t port, Callback callback) {
  std::string name(host);
  auto pending = std::make_shared<Lookup::Pending>(mailbox_, name, port, std::move(callback));
  NameAnswer at_once;
  at_once.addresses = known(host, port);
  // A name cannot hold a NUL, and getaddrinfo would look up what stands before it.
  const bool impossible = host.empty() || host.find('\0') != std::string_view::npos;
  if (impossible) at_once.error = EAI_NONAME;
  if (impossible || !at_once.addresses.empty()) {
    pending->answered(at_once);
  } else {
    service_->look_up(name, pending);
  }
  return Lookup(std::move(pending));
}

std::vector<Address> Resolver::known(std::string_view host, std::uint16_t port) {
  std::vector<Address> addresses;
  if (const auto literal = literal_address(host, port)) {
    addresses.push_back(*literal);
  } else if (is_localhost(host)) {
    addresses = loopback_addresses(port);
  }
  return addresses;
}

}  // namespace reqivo::native
