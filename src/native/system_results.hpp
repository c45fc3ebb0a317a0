// What the system's calls on sockets return, as std::error_code.
#pragma once

#include <sys/types.h>

#include <asio/error.hpp>
#include <cerrno>
#include <cstddef>
#include <system_error>

namespace reqivo::native {

[[nodiscard]] inline bool would_block(const std::error_code& error) noexcept {
  return error == asio::error::would_block || error == asio::error::try_again;
}

[[nodiscard]] inline std::error_code last_error() noexcept {
  return std::error_code(errno, asio::error::get_system_category());
}

/// The result of a call that gives -1 for an error; its number of bytes otherwise.
inline std::size_t counted(ssize_t result, std::error_code& error) noexcept {
  error = result < 0 ? last_error() : std::error_code();
  return result < 0 ? 0 : static_cast<std::size_t>(result);
}

}  // namespace reqivo::native
