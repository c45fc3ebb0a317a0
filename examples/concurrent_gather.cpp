// Concurrent requests: three at once, answered in the order asked and in the time of the slowest.
#include <chrono>
#include <cstdio>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>

using namespace std::chrono_literals;

std::string name_in(const reqivo::Response& response) {
  return response.json().at("args").at("name").get<std::string>();
}

reqivo::Task<int> program(std::string server) {
  reqivo::AsyncSession session(std::move(server));
  const auto start = std::chrono::steady_clock::now();

  auto [first, second, third] =
      co_await reqivo::gather(session.get("/delay/1").param("name", "first"),
                              session.get("/delay/0.7").param("name", "second"),
                              session.get("/delay/0.4").param("name", "third"));

  const bool at_once = std::chrono::steady_clock::now() - start < 2100ms;
  std::printf("%s: %d\n", name_in(first).c_str(), first.status_code());
  std::printf("%s: %d\n", name_in(second).c_str(), second.status_code());
  std::printf("%s: %d\n", name_in(third).c_str(), third.status_code());
  std::printf("faster than one after the other: %s\n", at_once ? "yes" : "no");
  co_return at_once ? 0 : 1;
}

int main(int argc, char** argv) {
  return reqivo::run_main(program(argc > 1 ? argv[1] : "https://httpbin.org"));
}
