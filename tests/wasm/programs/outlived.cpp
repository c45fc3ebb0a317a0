// The process ends with run_main's task and with main, whatever a global still holds; and what main
// printed last is not lost, though no LF ends it.
#include <cstdio>
#include <reqivo/reqivo.hpp>

reqivo::JoinHandle<void> heartbeat;

reqivo::Task<void> beats() {
  for (;;) co_await reqivo::sleep(std::chrono::hours(1));
}

reqivo::Task<int> program() {
  heartbeat = reqivo::create_task(beats());
  co_await reqivo::sleep(std::chrono::milliseconds(10));
  co_return 7;
}

int main() {
  const int exit_code = reqivo::run_main(program());
  std::printf("the end");
  return exit_code;
}
