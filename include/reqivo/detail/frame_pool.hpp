// Memory for coroutine frames, and for what is made and destroyed with them.
#pragma once

#include <cstddef>

namespace reqivo::detail {

/// `size` bytes from the thread's recycling pool, aligned for any fundamental type. May be freed by
/// any thread, which keeps them then. Throws std::bad_alloc.
[[nodiscard]] void* allocate_frame(std::size_t size);
/// Gives back what `allocate_frame(size)` gave.
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace reqivo::detail
