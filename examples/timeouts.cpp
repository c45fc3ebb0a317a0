// Two ways to give up: a limit on the request itself, and wait_for around anything.
#include <chrono>
#include <cstdio>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>

using namespace std::chrono_literals;

reqivo::Task<void> program(std::string server) {
  reqivo::AsyncSession session(std::move(server));

  try {
    co_await session.get("/delay/5").timeout(500ms);  // in all, body included
    std::puts("request timeout: it was in time");
  } catch (const reqivo::TimeoutError& error) {
    const std::string code(to_string(error.code()));
    std::printf("request timeout: %s\n", code.c_str());
  }

  try {
    auto both = reqivo::gather(session.get("/delay/5"), session.get("/get"));
    co_await reqivo::wait_for(std::move(both), 500ms);  // works on whatever can be awaited
    std::puts("wait_for: it was in time");
  } catch (const reqivo::WaitTimeoutError&) {
    std::puts("wait_for: gave up, and cancelled both requests");
  }

  reqivo::Response response = co_await session.get("/get");  // the session goes on
  std::printf("afterwards: %d\n", response.status_code());
}

int main(int argc, char** argv) {
  return reqivo::run_main(program(argc > 1 ? argv[1] : "https://httpbin.org"));
}
