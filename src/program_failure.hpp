// How a program, or a task that nobody awaits, says that it failed.
#pragma once

#include <exception>

namespace reqivo::detail {

/// Why a task that nothing can finish is given up.
inline constexpr const char* nothing_left =
    "reqivo: the task waits for something that nothing left in the event loop can do";

/// Tells on standard error that the program of `run_main` ends with a failure.
void print_program_failure(const char* what) noexcept;

/// Tells on standard error what has happened, and why.
void print_failure(const char* what_happened, const std::exception_ptr& why) noexcept;

}  // namespace reqivo::detail
