#include "native/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "ascii.hpp"

namespace reqivo::native {

namespace {

/// The structure that the bytes hold; copied out, for what lies in a sockaddr_storage is no
/// sockaddr_in.
template <class T>
T as(const sockaddr* address) noexcept {
  T result;
  std::memcpy(&result, address, sizeof(T));
  return result;
}

template <class T>
Address from(const T& address) noexcept {
  return {reinterpret_cast<const sockaddr*>(&address), sizeof(T)};
}

Address address_v4(const in_addr& address, std::uint16_t port) noexcept {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr = address;
  result.sin_port = htons(port);
  return from(result);
}

Address address_v6(const in6_addr& address, std::uint16_t port) noexcept {
  sockaddr_in6 result{};
  result.sin6_family = AF_INET6;
  result.sin6_addr = address;
  result.sin6_port = htons(port);
  return from(result);
}

bool same_letters(std::string_view left, std::string_view lower_case) noexcept {
  return std::equal(left.begin(), left.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return detail::to_lower(a) == b; });
}

}  // namespace

Address::Address(const sockaddr* address, socklen_t size) noexcept
    : size_(std::min(size, static_cast<socklen_t>(sizeof(storage_)))) {
  std::memcpy(&storage_, address, size_);
}

const sockaddr* Address::data() const noexcept {
  return reinterpret_cast<const sockaddr*>(&storage_);
}

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET) return ntohs(as<sockaddr_in>(data()).sin_port);
  return ntohs(as<sockaddr_in6>(data()).sin6_port);
}

void Address::set_port(std::uint16_t port) noexcept {
  if (family() == AF_INET) {
    auto changed = as<sockaddr_in>(data());
    changed.sin_port = htons(port);
    std::memcpy(&storage_, &changed, sizeof(changed));
  } else {
    auto changed = as<sockaddr_in6>(data());
    changed.sin6_port = htons(port);
    std::memcpy(&storage_, &changed, sizeof(changed));
  }
}

std::string Address::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    const auto address = as<sockaddr_in>(data());
    inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ':' + std::to_string(port());
  }
  const auto address = as<sockaddr_in6>(data());
  inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
  return '[' + std::string(text.data()) + "]:" + std::to_string(port());
}

bool Address::operator==(const Address& other) const noexcept {
  if (family() != other.family() || port() != other.port()) return false;
  if (family() == AF_INET) {
    return as<sockaddr_in>(data()).sin_addr.s_addr == as<sockaddr_in>(other.data()).sin_addr.s_addr;
  }
  const auto mine = as<sockaddr_in6>(data());
  const auto theirs = as<sockaddr_in6>(other.data());
  return std::memcmp(&mine.sin6_addr, &theirs.sin6_addr, sizeof(in6_addr)) == 0 &&
         mine.sin6_scope_id == theirs.sin6_scope_id;
}

std::optional<Address> literal_address(std::string_view host, std::uint16_t port) {
  in_addr v4{};
  in6_addr v6{};
  if (host.starts_with('[') && host.ends_with(']')) {
    const std::string inner(host.substr(1, host.size() - 2));
    if (inet_pton(AF_INET6, inner.c_str(), &v6) == 1) return address_v6(v6, port);
    return std::nullopt;
  }
  if (inet_pton(AF_INET, std::string(host).c_str(), &v4) == 1) return address_v4(v4, port);
  return std::nullopt;
}

bool is_localhost(std::string_view host) noexcept {
  constexpr std::string_view name = "localhost";
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() < name.size()) return false;
  const std::string_view before = host.substr(0, host.size() - name.size());
  return same_letters(host.substr(before.size()), name) &&
         (before.empty() || before.ends_with('.'));
}

std::vector<Address> loopback_addresses(std::uint16_t port) {
  in_addr v4{};
  v4.s_addr = htonl(INADDR_LOOPBACK);
  return {address_v6(in6addr_loopback, port), address_v4(v4, port)};
}

std::vector<Address> ordered_for_racing(std::vector<Address> addresses) {
  std::vector<Address> first;
  std::vector<Address> second;
  for (const Address& address : addresses) {
    auto& same = address.family() == addresses.front().family() ? first : second;
    if (std::find(same.begin(), same.end(), address) == same.end()) same.push_back(address);
  }
  std::vector<Address> result;
  for (std::size_t index = 0; index < std::max(first.size(), second.size()); ++index) {
    if (index < first.size()) result.push_back(first[index]);
    if (index < second.size()) result.push_back(second[index]);
  }
  return result;
}

}  // namespace reqivo::native
