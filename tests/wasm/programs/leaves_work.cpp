// Detached tasks of every kind end with the program: one that sleeps, one that never does for long,
// and one that waits for a server.
#include <reqivo/reqivo.hpp>

#include "farewell.hpp"

reqivo::Task<void> sleeps() {
  const Farewell farewell;
  co_await reqivo::sleep(std::chrono::hours(1));
}

reqivo::Task<void> beats() {
  const Farewell farewell;
  for (;;) co_await reqivo::sleep(std::chrono::milliseconds(0));
}

reqivo::Task<void> asks() {
  const Farewell farewell;
  reqivo::AsyncSession session;
  for (;;) {
    try {
      co_await session.get("http://127.0.0.1:3/");  // nobody listens
    } catch (const reqivo::NetworkError&) {
    }
  }
}

reqivo::Task<int> program() {
  reqivo::create_task(sleeps()).detach();
  reqivo::create_task(beats()).detach();
  reqivo::create_task(asks()).detach();
  co_await reqivo::sleep(std::chrono::milliseconds(20));
  co_return 4;
}

int main() { return reqivo::run_main(program()); }
