// Where the build cannot suspend, run() and the blocking session refuse before anything starts.
#include <cstdio>
#include <reqivo/reqivo.hpp>

reqivo::Task<void> program() {
  std::puts("started");
  co_return;
}

template <class Call>
void refused(const Call& call) {
  try {
    call();
  } catch (const reqivo::UnsupportedError& error) {
    std::printf("refused: %s\n", error.what());
  }
}

int main() {
  refused([] { reqivo::run(program()); });
  refused([] { reqivo::Session("http://127.0.0.1:1").get("/").send(); });
  std::puts(reqivo::capabilities().blocking ? "can block" : "cannot block");
}
