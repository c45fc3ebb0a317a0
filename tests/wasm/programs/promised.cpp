// A program that ends while JavaScript still waits for a promise of the same module.
#include <emscripten/bind.h>

#include <reqivo/js.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

reqivo::Task<std::string> load(std::string url) {
  reqivo::AsyncSession session;
  const reqivo::Response response = co_await session.get(url);
  co_await reqivo::sleep(std::chrono::milliseconds(10));
  co_return response.body();
}

emscripten::val load_page(std::string url) { return reqivo::to_promise(load(std::move(url))); }

// A task that waits for `release`.
reqivo::Semaphore gate(1);
reqivo::Permit held = gate.try_acquire();

reqivo::Task<int> pass_gate() {
  auto permit = co_await gate.acquire();
  co_return 1;
}

EMSCRIPTEN_BINDINGS(promised) {
  emscripten::function("load", &load_page);
  emscripten::function(
      "pass_gate", +[](emscripten::val signal) { return to_promise(pass_gate(), signal); });
  emscripten::function(
      "release", +[] { held.release(); });
}

reqivo::Task<int> program() {
  co_await reqivo::sleep(std::chrono::milliseconds(20));
  co_return 5;
}

int main() { return reqivo::run_main(program()); }
