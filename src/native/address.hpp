// Socket addresses, free of Asio.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reqivo::native {

/// An IPv4 or IPv6 address with a port. For an Asio endpoint copy `size()` bytes from `data()` to
/// `endpoint.data()` and call `endpoint.resize(size())`.
class Address {
 public:
  /// Copies `size` bytes of a sockaddr_in or sockaddr_in6.
  Address(const sockaddr* address, socklen_t size) noexcept;

  [[nodiscard]] const sockaddr* data() const noexcept;
  [[nodiscard]] socklen_t size() const noexcept { return size_; }
  /// AF_INET or AF_INET6.
  [[nodiscard]] int family() const noexcept { return storage_.ss_family; }
  [[nodiscard]] std::uint16_t port() const noexcept;
  void set_port(std::uint16_t port) noexcept;
  /// "127.0.0.1:80" or "[::1]:80"; the scope of a link-local address is left out.
  [[nodiscard]] std::string to_string() const;
  /// Same family, address, scope and port.
  bool operator==(const Address& other) const noexcept;

 private:
  sockaddr_storage storage_{};
  socklen_t size_;
};

/// The address that `host` spells, "127.0.0.1" or "[::1]"; `std::nullopt` for a name.
[[nodiscard]] std::optional<Address> literal_address(std::string_view host, std::uint16_t port);

/// True for "localhost" and names below it, in any case, with or without a final dot (RFC 6761
/// §6.3).
[[nodiscard]] bool is_localhost(std::string_view host) noexcept;

/// Both loopback addresses, IPv6 first as RFC 6724 orders them.
[[nodiscard]] std::vector<Address> loopback_addresses(std::uint16_t port);

/// `addresses` without repeats, families taking turns from the first one's on, each family in its
/// given order (RFC 8305 §4, with a First Address Family Count of 1).
[[nodiscard]] std::vector<Address> ordered_for_racing(std::vector<Address> addresses);

}  // namespace reqivo::native
