// The same where main blocks once more after run_main: what is left going on goes on until then.
#include <cstdio>
#include <reqivo/reqivo.hpp>

reqivo::JoinHandle<void> heartbeat;
int beaten = 0;

reqivo::Task<void> beats() {
  for (;; ++beaten) co_await reqivo::sleep(std::chrono::milliseconds(5));
}

reqivo::Task<int> program() {
  heartbeat = reqivo::create_task(beats());
  co_return 7;
}

int main() {
  const int exit_code = reqivo::run_main(program());
  const int before = beaten;
  reqivo::run(reqivo::sleep(std::chrono::milliseconds(100)));
  std::printf(beaten > before ? "the end" : "not kept alive");
  return exit_code;
}
