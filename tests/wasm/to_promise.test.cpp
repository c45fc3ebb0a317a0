#include <emscripten/bind.h>

#include <catch2/catch_test_macros.hpp>
#include <reqivo/js.hpp>
#include <reqivo/reqivo.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/run_test.hpp"
#include "support/test_server.hpp"
#include "wasm/settled.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;
using emscripten::val;

namespace {

template <class T>
Task<T> at_once(T value) {
  co_return value;
}

template <class T>
Task<T> later(T value) {
  co_await sleep(1ms);
  co_return value;
}

/// Nobody has told embind of it.
struct Unregistered {
  std::string text = "long enough to need memory of its own";
};

struct Registered {
  int number = 0;
};
EMSCRIPTEN_BINDINGS(to_promise_test) {
  emscripten::value_object<Registered>("Registered").field("number", &Registered::number);
}

Task<void> nothing_later() { co_await sleep(1ms); }

Task<int> status_of(std::string url, Duration limit) {
  AsyncSession session;
  const Response response = co_await session.get(url).timeout(limit);
  co_return response.status_code();
}

Task<void> throw_foreign() {
  co_await sleep(1ms);
  throw std::domain_error("not ours: ü");
}

Task<void> throw_retryable() {
  co_await sleep(1ms);
  throw Error(ErrorCode::cancelled, Phase::none, true, "another time");
}

Task<void> throw_number() {
  co_await sleep(1ms);
  throw 5;
}

std::string text(const val& object, const char* member) { return object[member].as<std::string>(); }

}  // namespace

TEST_CASE("a promise resolves to the task's result", "[promise]") {
  CHECK(settled(to_promise(at_once(7)))["value"].as<int>() == 7);
  CHECK(settled(to_promise(later(7)))["value"].as<int>() == 7);
  CHECK(settled(to_promise(later(2.5)))["value"].as<double>() == 2.5);
  CHECK(settled(to_promise(later(true)))["value"].as<bool>());
  const std::string grusse = "Grüße, 世界 \U0001F30D";
  CHECK(text(settled(to_promise(later(grusse))), "value") == grusse);
  CHECK(settled(to_promise(later(val::array())))["value"].isArray());
  CHECK(settled(to_promise(nothing_later()))["value"].isUndefined());
}

TEST_CASE("a promise rejects with the error's type, code, phase and message", "[promise]") {
  const val timeout = settled(to_promise(status_of(test_server().http("/stall"), 50ms)))["reason"];
  CHECK(timeout.instanceof (val::global("Error")));
  CHECK(text(timeout, "name") == "TotalTimeout");
  CHECK(text(timeout, "code") == "total_timeout");
  CHECK(text(timeout, "phase") == "head");
  CHECK(timeout["retryable"].strictlyEquals(val(false)));
  CHECK(text(timeout, "message").find("not finished after 50 ms") != std::string::npos);

  const val invalid = settled(to_promise(status_of("no url", 1s)))["reason"];
  CHECK(text(invalid, "name") == "InvalidUrlError");
  CHECK(text(invalid, "phase") == "url");

  const val retryable = settled(to_promise(throw_retryable()))["reason"];
  CHECK(retryable["retryable"].strictlyEquals(val(true)));
}

TEST_CASE("a promise rejects with an Error for what is not ours", "[promise]") {
  const val foreign = settled(to_promise(throw_foreign()))["reason"];
  CHECK(text(foreign, "name") == "Error");
  CHECK(text(foreign, "code") == "other");
  CHECK(text(foreign, "message") == "not ours: ü");
  CHECK(text(settled(to_promise(throw_number()))["reason"], "code") == "other");
}

TEST_CASE("a promise gives what embind knows, and rejects where it knows nothing", "[promise]") {
  const val known = settled(to_promise(later(Registered{7})));
  CHECK(known["value"]["number"].as<int>() == 7);
  for (const val& outcome :
       {settled(to_promise(at_once(Unregistered()))), settled(to_promise(later(Unregistered())))}) {
    CHECK(text(outcome["reason"], "code") == "other");
    CHECK(text(outcome["reason"], "message").find("Unregistered") != std::string::npos);
  }
  CHECK(promises_held() == 0);
}

TEST_CASE("an aborted signal destroys the task and rejects with its reason", "[promise]") {
  const std::string tag = unique_tag();
  Aborter aborter;
  const val promise =
      to_promise(status_of(test_server().http(tagged("/stall", tag)), 30s), aborter.signal());
  run(wait_started(tag));
  aborter.abort("no longer wanted");
  CHECK(text(settled(promise), "reason") == "no longer wanted");
  const TagRecord record = run(wait_closed(tag));
  CHECK(record.closed);
  CHECK(promises_held() == 0);
  CHECK(fetches_held() == 0);
}

TEST_CASE("one signal ends all of the tasks that have it, and is listened to once", "[promise]") {
  Aborter aborter;
  const val ended = to_promise(later(3), aborter.signal());
  CHECK(settled(ended)["value"].as<int>() == 3);
  std::vector<val> promises;
  for (int i = 0; i < 12; ++i) promises.push_back(to_promise(sleep(30s), aborter.signal()));
  aborter.abort("no longer wanted");
  for (const val& promise : promises) {
    CHECK(text(settled(promise), "reason") == "no longer wanted");
  }
  CHECK(aborter.listeners() == 1);
  CHECK(promises_held() == 0);
}

TEST_CASE("a signal that was aborted before starts nothing", "[promise]") {
  static bool started = false;
  const auto mark = []() -> Task<void> {
    started = true;
    co_return;
  };
  Aborter aborter;
  aborter.abort("too late");
  CHECK(text(settled(to_promise(mark(), aborter.signal())), "reason") == "too late");
  CHECK_FALSE(started);
}

TEST_CASE("a signal that is aborted after the end changes nothing", "[promise]") {
  Aborter aborter;
  const val promise = to_promise(later(3), aborter.signal());
  CHECK(settled(promise)["value"].as<int>() == 3);
  aborter.abort("too late");
  CHECK(settled(promise)["value"].as<int>() == 3);
  run(sleep(1ms));
  CHECK(promises_held() == 0);
}
