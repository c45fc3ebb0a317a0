// Waits for a permit that nobody will ever give back.
#include <cstdio>
#include <reqivo/async.hpp>

class Farewell {
 public:
  Farewell() {}
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;
  ~Farewell() { std::puts("destroyed"); }
};

reqivo::Task<void> program() {
  const Farewell farewell;
  reqivo::Semaphore semaphore(1);
  auto first = co_await semaphore.acquire();
  auto second = co_await semaphore.acquire();
}

int main() { return reqivo::run_main(program()); }
