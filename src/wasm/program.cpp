#include "wasm/program.hpp"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <reqivo/async.hpp>
#include <reqivo/capabilities.hpp>
#include <utility>

#include "misuse.hpp"
#include "platform/event_loop.hpp"
#include "program_failure.hpp"
#include "wasm/fetch_bridge.hpp"
#include "wasm/node.hpp"

namespace reqivo::wasm {
namespace {

/// The program that goes on after `main` has returned; each thread may have one.
struct Program {
  JoinHandle<void> handle;
  std::optional<int> exit_code;
  bool running = false;
};
thread_local Program program;

Task<void> take_exit_code(Task<int> task) { program.exit_code = co_await std::move(task); }

void end_what_was_detached() noexcept {
  if (node() != nullptr) node()->end_what_was_detached();
}

void end_program(int exit_code) {
  program.running = false;
  program.handle = {};
  end_what_was_detached();
  std::fflush(nullptr);
  if (reqivo_program_ended(exit_code) != 0) std::exit(exit_code);
}

}  // namespace

void end_program_if_done() {
  if (program.exit_code) end_program(*std::exchange(program.exit_code, std::nullopt));
}

}  // namespace reqivo::wasm

namespace reqivo::detail {

int run_program(Task<int> task) {
  using wasm::program;
  if (capabilities().blocking) {
    const int exit_code = run(std::move(task));
    wasm::end_what_was_detached();
    reqivo_set_exit_code(exit_code);
    return exit_code;
  }
  if (program.running) throw_misuse("reqivo: run_main runs one program at a time");
  program.handle = create_task(wasm::take_exit_code(std::move(task)));
  if (program.exit_code) {
    const int exit_code = *std::exchange(program.exit_code, std::nullopt);
    if (wasm::node() != nullptr) wasm::node()->end_program(exit_code);
    return exit_code;
  }
  program.running = true;
  reqivo_program_began();
  return 0;
}

}  // namespace reqivo::detail

int reqivo_program_stuck() {
  if (reqivo::wasm::program.running) {
    reqivo::detail::print_program_failure(reqivo::detail::nothing_left);
    reqivo::wasm::end_program(1);
  }
  return 0;
}
