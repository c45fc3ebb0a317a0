// The process ends with run_main's task and with main, whatever globals still hold; and what main
// printed last is not lost, though no LF ends it.
#include <cstdio>
#include <reqivo/reqivo.hpp>

reqivo::JoinHandle<void> slow;
reqivo::JoinHandle<void> quick;

reqivo::Task<void> beats(std::chrono::milliseconds pause) {
  for (;;) co_await reqivo::sleep(pause);
}

reqivo::Task<int> program() {
  slow = reqivo::create_task(beats(std::chrono::hours(1)));
  quick = reqivo::create_task(beats(std::chrono::milliseconds(0)));
  co_await reqivo::sleep(std::chrono::milliseconds(10));
  co_return 7;
}

int main() {
  const int exit_code = reqivo::run_main(program());
  std::printf("the end");
  return exit_code;
}
