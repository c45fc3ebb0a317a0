// A background task: a slow request goes on while the program does other work.
#include <chrono>
#include <cstdio>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>

using namespace std::chrono_literals;

reqivo::Task<void> program(std::string server) {
  reqivo::AsyncSession session(std::move(server));
  auto report = reqivo::create_task(session.get("/delay/1"));  // starts now

  for (int step = 1; step <= 3; ++step) {
    co_await reqivo::sleep(100ms);  // other work, which lets the request go on
    std::printf("step %d done, report %s\n", step, report.done() ? "ready" : "on its way");
  }

  reqivo::Response response = co_await report;
  std::printf("report: %d\n", response.status_code());
}  // a task whose handle goes without being awaited is cancelled

int main(int argc, char** argv) {
  return reqivo::run_main(program(argc > 1 ? argv[1] : "https://httpbin.org"));
}
