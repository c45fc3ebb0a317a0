// The same with JSON, both ways.
#include <cstdio>
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

reqivo::Task<void> program() {
  reqivo::AsyncSession session;
  nlohmann::json question;
  question["name"] = "Ada";
  const reqivo::Response response = co_await session.post("https://example.com/").json(question);
  const auto answer = response.json().at("answer").get<std::string>();
  std::printf("%d\n%s\n", response.status_code(), answer.c_str());
}

int main() { return reqivo::run_main(program()); }
