// Ends with the task's own exit code, however it waits before.
#include <cstdio>
#include <reqivo/async.hpp>

reqivo::Task<int> program() {
  co_await reqivo::sleep(std::chrono::milliseconds(20));
  std::printf("done");  // no LF: a last line that is not whole is a line all the same
  co_return 7;
}

int main() { return reqivo::run_main(program()); }
