// The shortest program that needs all of the library: a blocking GET, read as JSON.
#include <cstdlib>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <string>

int main() {
  const std::string server = std::getenv("REQIVO_SERVER_URL");
  reqivo::Session session;
  const reqivo::Response response = session.get(server + "/get").param("word", "two words").send();
  return response.json().at("args").at("word") == "two words" ? EXIT_SUCCESS : EXIT_FAILURE;
}
