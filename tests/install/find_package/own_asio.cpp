// A program's own code over Asio, compiled as its own build does it, beside the Asio in Reqivo: of
// one loop by itself, and of the one that carries Reqivo's tasks.
#include <asio.hpp>
#include <chrono>
#include <cstdlib>
#include <reqivo/asio.hpp>
#include <system_error>

namespace {

bool moves_along(asio::io_context& context) {
  int steps = 0;
  asio::steady_timer timer(context, std::chrono::milliseconds(1));
  timer.async_wait([&](const std::error_code&) { asio::post(context, [&] { ++steps; }); });
  asio::post(context, [&] { ++steps; });
  context.restart();
  while (steps < 2 && context.run_one_for(std::chrono::seconds(10)) > 0) continue;
  return steps == 2;
}

/// Before `main`, so that nothing else of this program has used Asio yet.
[[maybe_unused]] const bool checked = [] {
  asio::io_context own;
  if (!moves_along(own) || !moves_along(reqivo::this_thread_io_context())) std::abort();
  return true;
}();

}  // namespace
