// One loop and one session per thread, several threads: run under ThreadSanitizer.
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>
#include <memory>
#include <reqivo/async.hpp>
#include <reqivo/json.hpp>
#include <reqivo/session.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server_view.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;
using namespace std::chrono_literals;

namespace {

/// Runs `body` with its number on several threads at once; Catch2's checks are for the main thread.
void on_threads(int count, const std::function<void(int)>& body) {
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < count; ++number) {
    threads.emplace_back([&body, &failed, number] {
      try {
        body(number);
      } catch (...) {
        ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(failed == 0);
}

Task<int> count_answers(AsyncSession* session, std::string url, int requests) {
  std::vector<Task<Response>> all;
  for (int i = 0; i < requests; ++i) all.push_back(session->get(url));
  const std::vector<Response> responses = co_await gather(std::move(all));
  int good = 0;
  for (const Response& response : responses) good += response.ok() ? 1 : 0;
  co_return good;
}

/// Asks for a name that only the system can resolve; whether anybody answers there does not matter.
Task<bool> try_own_name(AsyncSession* session) {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) co_return false;
  std::string url = "http://";
  url.append(name.data())
      .append(test_server().closed().substr(std::string("http://127.0.0.1").size()));
  try {
    static_cast<void>(co_await session->get(url));
  } catch (const NetworkError&) {
    co_return true;
  }
  co_return true;
}

/// The first piece of a body that never ends.
Generator<std::string> stuck() {
  co_yield "p";
  co_await sleep(1h);
}

Task<void> stall_for_ever(std::string url) {
  AsyncSession session;
  static_cast<void>(co_await session.get(url).timeout(Timeout().read(std::nullopt)));
}

/// A session with requests under way and others that wait in its pool, and their handles.
class LeftBehind {
 public:
  explicit LeftBehind(bool session_first) : session_first_(session_first) {}
  LeftBehind(const LeftBehind&) = delete;
  LeftBehind& operator=(const LeftBehind&) = delete;
  ~LeftBehind() {
    if (session_first_) session_.reset();
    requests_.clear();
  }
  void fill(const std::string& tag) {
    session_ = std::make_unique<AsyncSession>(test_server().http());
    session_->limits(Limits().connections(4));
    static_cast<void>(run(count_answers(session_.get(), "/get", 1)));  // whose connection lies idle
    requests_.push_back(create_task(session_->post(tagged("/stall", tag)).body(stuck())));
    for (int i = 0; i < 8; ++i) {
      requests_.push_back(create_task(session_->get(tagged("/stall", tag))));
    }
    static_cast<void>(run(wait_started(tag, 4)));
  }

 private:
  bool session_first_;
  std::unique_ptr<AsyncSession> session_;
  std::vector<JoinHandle<Response>> requests_;
};

/// Tells what became of a loop that is asked for after its end.
class LateCaller {
 public:
  explicit LateCaller(std::atomic<int>& refused) noexcept : refused_(refused) {}
  LateCaller(const LateCaller&) = delete;
  LateCaller& operator=(const LateCaller&) = delete;
  ~LateCaller() {
    try {
      run(sleep(0ms));
    } catch (const std::logic_error&) {
      ++refused_;
    }
  }

 private:
  std::atomic<int>& refused_;
};

}  // namespace

TEST_CASE("threads with a loop and a session each do not meet", "[threads][tsan]") {
  std::atomic<int> good = 0;
  on_threads(4, [&good](int) {
    AsyncSession session;
    session.tls(trusting_server());
    Limits limits;
    limits.connections_per_host(5);
    session.limits(limits);
    for (int round = 0; round < 3; ++round) {
      good += run(count_answers(&session, test_server().http("/get"), 20));
      good += run(count_answers(&session, test_server().https("/gzip"), 5));
      if (run(try_own_name(&session))) ++good;
    }
  });
  CHECK(good == 4 * 3 * 26);
}

TEST_CASE("a response may be handed to another thread, and end there", "[threads][tsan]") {
  std::vector<Response> responses(4);
  on_threads(4, [&responses](int number) {
    AsyncSession session;
    responses[static_cast<std::size_t>(number)] = run([](AsyncSession& by) -> Task<Response> {
      co_return co_await by.get(test_server().http("/get"));
    }(session));
  });
  for (const Response& response : responses) {
    CHECK(response.headers().contains("Content-Type"));
  }
  on_threads(4, [&responses](int number) {
    const Response mine = std::move(responses[static_cast<std::size_t>(number)]);
    Headers headers = mine.headers();
    headers.set("Content-Type", "of its own");
  });
}

TEST_CASE("blocking sessions on several threads do not meet", "[threads][tsan]") {
  std::atomic<int> good = 0;
  on_threads(4, [&good](int number) {
    Session session(test_server().http());
    for (int i = 0; i < 20; ++i) {
      const Response response = session.get("/anything").param("thread", number).send();
      if (response.json().at("args").at("thread") == std::to_string(number)) ++good;
    }
  });
  CHECK(good == 4 * 20);
}

TEST_CASE("a session keeps its connections from one run to the next", "[threads][tsan]") {
  std::vector<ConnectionUse> uses(4);
  on_threads(2, [&uses](int number) {
    AsyncSession session(test_server().http());
    ConnectionUse* const mine = &uses[2 * static_cast<std::size_t>(number)];
    mine[0] = run(use_of(session.get("/connection-id")));
    mine[1] = run(use_of(session.get("/connection-id")));
    run(session.close());
  });
  CHECK(uses[0].connection == uses[1].connection);
  CHECK(uses[1].requests == 2);
  CHECK(uses[2].connection == uses[3].connection);
  CHECK(uses[3].requests == 2);
  CHECK(uses[0].connection != uses[2].connection);
}

TEST_CASE("a thread may end with idle connections and with detached tasks under way",
          "[threads][tsan]") {
  std::vector<std::string> tags;
  for (int i = 0; i < 4; ++i) tags.push_back(unique_tag());
  on_threads(4, [&tags](int number) {
    const std::string& tag = tags[static_cast<std::size_t>(number)];
    AsyncSession session(test_server().http());
    static_cast<void>(run(count_answers(&session, tagged("/get", tag), 3)));
    create_task(stall_for_ever(test_server().http(tagged("/stall", tag)))).detach();
    static_cast<void>(run(wait_started(tag, 4)));
  });
  for (const std::string& tag : tags) {
    const TagRecord record = run(wait_closed(tag));
    CHECK(record.started == 4);
    CHECK(record.closed);
  }
}

TEST_CASE("a session may outlive its thread's loop", "[threads][tsan]") {
  const std::string tag = unique_tag();
  std::thread thread([&tag] {
    // Made before the loop, it is destroyed after it.
    thread_local std::unique_ptr<AsyncSession> session;
    session = std::make_unique<AsyncSession>(test_server().http());
    static_cast<void>(run(count_answers(session.get(), tagged("/get", tag), 2)));
  });
  thread.join();
  const TagRecord record = run(wait_closed(tag));
  CHECK(record.closed);
}

TEST_CASE("requests that outlive their thread's loop leave nothing open", "[threads][tsan]") {
  const bool session_first = GENERATE(true, false);
  CAPTURE(session_first);
  std::vector<std::string> tags;
  for (int i = 0; i < 4; ++i) tags.push_back(unique_tag());
  static_cast<void>(run(tag_record(tags.front())));
  const std::size_t before = open_descriptors();
  on_threads(4, [&tags, session_first](int number) {
    // Made before the loop, it is destroyed after it.
    thread_local LeftBehind left(session_first);
    left.fill(tags[static_cast<std::size_t>(number)]);
  });
  CHECK(open_descriptors() == before);
  for (const std::string& tag : tags) {
    const TagRecord record = run(wait_closed(tag));
    CHECK(record.started == 4);
    CHECK(record.closed);
  }
}

TEST_CASE("a thread's loop does not come back after its end", "[threads][tsan]") {
  std::atomic<int> refused = 0;
  const std::size_t before = open_descriptors();
  on_threads(4, [&refused](int) {
    thread_local const LateCaller caller(refused);
    run(sleep(0ms));
  });
  CHECK(refused == 4);
  CHECK(open_descriptors() == before);
}

TEST_CASE("a thread may end while its name lookups and connections are under way",
          "[threads][tsan]") {
  on_threads(4, [](int) {
    AsyncSession session;
    for (int i = 0; i < 5; ++i) {
      const JoinHandle<bool> started = create_task(try_own_name(&session));
    }
    JoinHandle<bool> dropped_with_the_session = create_task(try_own_name(&session));
    dropped_with_the_session.detach();
  });
}

TEST_CASE("programs that are started inherit nothing of a loop and its connections", "[threads]") {
  const std::size_t before = inherited_descriptors();
  std::size_t meanwhile = 0;
  on_threads(1, [&](int) {  // a loop of its own
    AsyncSession session;
    session.tls(trusting_server());
    const StreamResponse plain = run(session.get(test_server().http("/big/100000000")).stream());
    const StreamResponse secure = run(session.get(test_server().https("/big/100000000")).stream());
    meanwhile = inherited_descriptors();
  });
  CHECK(meanwhile == before);
}

TEST_CASE("a session refuses requests on another thread than that of its first one", "[threads]") {
  Session session(test_server().http());
  CHECK(session.get("/get").send().ok());
  std::string refusal;
  std::thread([&session, &refusal] {
    try {
      session.get("/get").send();
    } catch (const std::logic_error& error) {
      refusal = error.what();
    }
  }).join();
  CHECK(refusal == "reqivo: a session stays on the thread of its first request");
  CHECK(session.get("/get").send().ok());
}

TEST_CASE("a session that is destroyed on another thread leaves its own loop as it is",
          "[threads]") {
  auto session = std::make_unique<Session>(test_server().http());
  CHECK(session->get("/get").send().ok());
  std::thread([&session] {
    Session(test_server().http()).get("/get").send();  // so that this thread has a loop, too
    session.reset();
  }).join();
  CHECK(Session(test_server().http()).get("/get").send().ok());
}
