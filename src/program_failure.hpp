// How a program that fails says so.
#pragma once

namespace reqivo::detail {

/// Why a task that nothing can finish is given up.
inline constexpr const char* nothing_left =
    "reqivo: the task waits for something that nothing left in the event loop can do";

/// Tells on standard error that the program of `run_main` ends with a failure.
void print_program_failure(const char* what) noexcept;

}  // namespace reqivo::detail
