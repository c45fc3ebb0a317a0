// A client class of your own: it owns its session, and closes its connections when it goes.
#include <chrono>
#include <cstdio>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>
#include <utility>

using namespace std::chrono_literals;

class ApiClient {
 public:
  ApiClient(std::string server, const std::string& token) : session_(std::move(server)) {
    session_.bearer_token(token).default_timeout(10s);
    session_.headers().set("Accept", "application/json");
  }

  reqivo::Task<bool> signed_in() {
    reqivo::Response response = co_await session_.get("/bearer");
    co_return response.ok() && response.json().at("authenticated").get<bool>();
  }

  reqivo::Task<std::string> rename(std::string name) {
    reqivo::Response response = co_await session_.patch("/patch").form("name", name);
    response.raise_for_status();
    co_return response.json().at("form").at("name").get<std::string>();
  }

 private:
  reqivo::AsyncSession session_;
};

reqivo::Task<void> program(std::string server) {
  ApiClient api(std::move(server), "example-token");
  const bool signed_in = co_await api.signed_in();
  const std::string name = co_await api.rename("Ada");
  std::printf("signed in: %s\n", signed_in ? "yes" : "no");
  std::printf("name: %s\n", name.c_str());
}

int main(int argc, char** argv) {
  return reqivo::run_main(program(argc > 1 ? argv[1] : "https://httpbin.org"));
}
