// An exception that leaves the program is printed and gives exit code 1.
#include <reqivo/async.hpp>
#include <stdexcept>

reqivo::Task<void> program() {
  co_await reqivo::sleep(std::chrono::milliseconds(1));
  throw std::runtime_error("it went wrong");
}

int main() { return reqivo::run_main(program()); }
