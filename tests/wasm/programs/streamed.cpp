// A module whose page streams a body that a test may cut short at any point.
#include <emscripten/bind.h>

#include <chrono>
#include <reqivo/js.hpp>
#include <reqivo/reqivo.hpp>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

/// `count` pieces of 1,000 bytes, some milliseconds apart; it throws where the `fails_at`th was
/// due.
reqivo::Generator<std::string> pieces(int count, int milliseconds, int fails_at) {
  for (int i = 0; i < count; ++i) {
    if (milliseconds > 0) co_await reqivo::sleep(std::chrono::milliseconds(milliseconds));
    if (i == fails_at) throw std::runtime_error("out of pieces");
    co_yield std::string(1000, 'x');
  }
}

reqivo::Task<std::string> send(std::string url, reqivo::Generator<std::string> body,
                               int total_milliseconds) {
  reqivo::AsyncSession session;
  session.limits(reqivo::Limits().upload_buffer(0));  // no more than streaming will do
  auto request = session.post(url).body(std::move(body));
  if (total_milliseconds > 0) request.timeout(std::chrono::milliseconds(total_milliseconds));
  const reqivo::Response response = co_await request;
  co_return std::to_string(response.status_code()) + " " + response.text();
}

emscripten::val upload(std::string url, int count, int milliseconds, int fails_at,
                       int total_milliseconds, emscripten::val signal) {
  return reqivo::to_promise(
      send(std::move(url), pieces(count, milliseconds, fails_at), total_milliseconds),
      std::move(signal));
}

}  // namespace

EMSCRIPTEN_BINDINGS(streamed) { emscripten::function("upload", &upload); }
