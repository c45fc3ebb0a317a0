// The process ends with a program that never waits, whatever a global still holds.
#include <cstdio>
#include <reqivo/reqivo.hpp>

reqivo::JoinHandle<void> heartbeat;

reqivo::Task<int> program() {
  heartbeat = reqivo::create_task(reqivo::sleep(std::chrono::hours(1)));
  co_return 7;
}

int main() {
  const int exit_code = reqivo::run_main(program());
  std::printf("the end");
  return exit_code;
}
