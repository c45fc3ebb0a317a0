// What a main prints last that uses `run` alone is not lost, though no LF ends it.
#include <cstdio>
#include <reqivo/reqivo.hpp>

int main() {
  reqivo::run(reqivo::sleep(std::chrono::milliseconds(10)));
  std::printf("the end");
}
