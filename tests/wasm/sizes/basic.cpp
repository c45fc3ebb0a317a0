// The least program that is of use: one request, its status and its text.
#include <cstdio>
#include <reqivo/reqivo.hpp>

reqivo::Task<void> program() {
  reqivo::AsyncSession session;
  const reqivo::Response response = co_await session.get("https://example.com/");
  std::printf("%d\n%s\n", response.status_code(), response.text().c_str());
}

int main() { return reqivo::run_main(program()); }
