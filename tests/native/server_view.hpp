// What the native tests ask the embedded server and the system about connections.
#pragma once

#include <cstddef>
#include <reqivo/detail/task.hpp>
#include <reqivo/options.hpp>
#include <reqivo/response.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace reqivo::test {

/// A field of the server's ready line by its JSON pointer ("/tls/expired"); empty where it has
/// none.
[[nodiscard]] std::string ready_field(std::string_view pointer);

/// Trusts the authority of the server's certificates.
[[nodiscard]] TlsOptions trusting_server();

/// Which connection served a request, by the server's count, and its how many-th request that was.
struct ConnectionUse {
  ConnectionUse() = default;
  int connection = 0;
  int requests = 0;
};

/// The answer of /connection-id and its kin.
[[nodiscard]] Task<ConnectionUse> use_of(Task<Response> sent);

/// The connections that carried a tag.
[[nodiscard]] Task<std::vector<int>> connections_with(std::string tag);

/// Sockets that this process has open.
[[nodiscard]] std::size_t open_sockets();
/// Descriptors of all kinds that this process has open.
[[nodiscard]] std::size_t open_descriptors();
/// Those that a program started by this one would have, too.
[[nodiscard]] std::size_t inherited_descriptors();

/// Memory of this process that is in RAM, in KiB.
[[nodiscard]] std::size_t resident_kib();

/// A sanitizer's own memory and slowness make figures of the program meaningless.
[[nodiscard]] bool under_sanitizer() noexcept;

}  // namespace reqivo::test
