// A basic request: GET a page and look at what came back.
#include <cstdio>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>

reqivo::Task<void> program(std::string server) {
  reqivo::AsyncSession session(std::move(server));
  reqivo::Response response = co_await session.get("/get").param("greeting", "hello, world");
  response.raise_for_status();

  const std::string type(response.headers().get("Content-Type").value_or("unknown"));
  const auto greeting = response.json().at("args").at("greeting").get<std::string>();
  std::printf("status: %d\n", response.status_code());
  std::printf("content type: %s\n", type.c_str());
  std::printf("the server read: %s\n", greeting.c_str());
}

int main(int argc, char** argv) {
  return reqivo::run_main(program(argc > 1 ? argv[1] : "https://httpbin.org"));
}
