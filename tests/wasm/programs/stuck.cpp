// Waits for a permit that nobody will ever give back.
#include <reqivo/async.hpp>

#include "farewell.hpp"

reqivo::Task<void> program() {
  const Farewell farewell;
  reqivo::Semaphore semaphore(1);
  auto first = co_await semaphore.acquire();
  auto second = co_await semaphore.acquire();
}

int main() { return reqivo::run_main(program()); }
