// What run_main does in a build that cannot suspend.
#pragma once

namespace reqivo::wasm {

/// Ends the process (Node) where the program of `run_main` has finished. Only with nothing of ours
/// on the stack: it may leave by an exception of JavaScript's.
void end_program_if_done();

}  // namespace reqivo::wasm
