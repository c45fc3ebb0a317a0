// A detached task does not keep the process alive after the program has ended.
#include <cstdio>
#include <reqivo/reqivo.hpp>

reqivo::Task<void> for_ever() { co_await reqivo::sleep(std::chrono::hours(1)); }

reqivo::Task<int> program() {
  reqivo::create_task(for_ever()).detach();
  co_await reqivo::sleep(std::chrono::milliseconds(1));
  co_return 3;
}

int main() { return reqivo::run_main(program()); }
