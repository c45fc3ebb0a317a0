// A stranger's page: one function of C++ for JavaScript.
#include <emscripten/bind.h>

#include <reqivo/js.hpp>
#include <reqivo/reqivo.hpp>
#include <string>

namespace {

reqivo::Task<std::string> load(std::string url) {
  reqivo::AsyncSession session;
  const reqivo::Response response = co_await session.get(url);
  co_return response.text();
}

emscripten::val load_as_promise(std::string url) { return reqivo::to_promise(load(url)); }

}  // namespace

EMSCRIPTEN_BINDINGS(page) { emscripten::function("load", &load_as_promise); }
