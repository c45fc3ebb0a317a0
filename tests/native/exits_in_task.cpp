// std::exit in a task ends the program with that exit code, whoever owns the task: what is on the
// stack then never comes back, and must not be destroyed.
#include <cstdlib>
#include <reqivo/async.hpp>
#include <string>
#include <string_view>

namespace {

reqivo::JoinHandle<> global;

reqivo::Task<void> quit() {
  const std::string held(100, 'x');
  co_await reqivo::sleep(std::chrono::milliseconds(1));
  std::exit(3);
}

reqivo::Task<void> quit_below() {
  const std::string held(100, 'x');
  co_await quit();
}

reqivo::Task<int> program(std::string_view owner) {
  if (owner == "global") {
    global = reqivo::create_task(quit_below());
  } else {
    reqivo::create_task(quit_below()).detach();
  }
  reqivo::create_task(reqivo::sleep(std::chrono::hours(1))).detach();
  co_await reqivo::sleep(std::chrono::hours(1));
  co_return 1;
}

}  // namespace

int main(int count, char** words) { return reqivo::run_main(program(count > 1 ? words[1] : "")); }
