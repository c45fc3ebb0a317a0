// A stranger's program under Node: the server's URL is its argument.
#include <reqivo/json.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

reqivo::Task<int> program(std::string server) {
  reqivo::AsyncSession session(server);
  const reqivo::Response response = co_await session.get("/get").param("word", "two words");
  co_return response.json().at("args").at("word") == "two words" ? 0 : 1;
}

int main(int argc, char** argv) { return argc == 2 ? reqivo::run_main(program(argv[1])) : 2; }
