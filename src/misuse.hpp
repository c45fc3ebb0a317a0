// What only a change of the program can mend.
#pragma once

namespace reqivo::detail {

/// Throws std::logic_error. In one place: each `throw` of its own is a good part of a small
/// program.
[[noreturn]] void throw_misuse(const char* what);

}  // namespace reqivo::detail
