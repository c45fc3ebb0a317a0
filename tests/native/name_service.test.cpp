#include "native/name_service.hpp"

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): pthread_sigmask is POSIX, not C++

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "resolver_test_support.hpp"

using reqivo::native::ask_system;
using reqivo::native::literal_address;
using reqivo::native::NameAnswer;
using reqivo::native::NameService;
using reqivo::native::Resolver;
using reqivo::testing::ResolverAnswer;
using reqivo::testing::ResolverLoop;
using reqivo::testing::ResolverWorld;
using reqivo::testing::wait_until_threads_left;

namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a query that throws is a failure") {
  ResolverLoop loop;
  NameService::Options options;
  options.query = [](const std::string&) -> NameAnswer { throw std::runtime_error("broken"); };
  Resolver resolver(loop.post(), NameService::make(std::move(options)));
  ResolverAnswer answer;
  const auto lookup = resolver.start("host.example", 80, answer.callback());
  loop.run_next();
  CHECK(answer.failure.has_value());
}

TEST_CASE("equal names under way share one query, also between loops") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"});
  const auto service = world.service();
  ResolverLoop other_loop;
  Resolver resolver(world.loop.post(), service);
  Resolver other(other_loop.post(), service);
  ResolverAnswer first;
  ResolverAnswer second;
  ResolverAnswer third;
  const auto one = resolver.start("host.example", 1, first.callback());
  world.server->wait_until_asked(1);
  const auto two = resolver.start("host.example", 2, second.callback());
  const auto three = other.start("host.example", 3, third.callback());
  world.server->open();
  world.loop.wait_for(2);
  world.loop.run();
  other_loop.run_next();
  CHECK(first.addresses == Texts({"10.0.0.1:1"}));
  CHECK(second.addresses == Texts({"10.0.0.1:2"}));
  CHECK(third.addresses == Texts({"10.0.0.1:3"}));
  CHECK(world.server->asked().size() == 1);
  const auto again = resolver.start("host.example", 4, first.callback());
  world.loop.run_next();
  CHECK(world.server->asked().size() == 2);
}

TEST_CASE("a lookup that nobody wants any more is not begun, until somebody does again") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"});
  Resolver resolver(world.loop.post(), world.service(1));
  ResolverAnswer first;
  ResolverAnswer second;
  ResolverAnswer third;
  const auto one = resolver.start("first.example", 80, first.callback());
  world.server->wait_until_asked(1);
  auto two = resolver.start("second.example", 80, second.callback());
  const auto three = resolver.start("third.example", 80, third.callback());
  two.abandon();
  world.server->open();
  world.loop.wait_for(2);
  world.loop.run();
  CHECK(first.calls == 1);
  CHECK(second.calls == 0);
  CHECK(third.calls == 1);
  CHECK(world.server->asked() == Texts({"first.example", "third.example"}));
  ResolverAnswer again;
  const auto wanted = resolver.start("second.example", 80, again.callback());
  for (int i = 0; i < 10'000 && again.calls == 0; ++i) {  // waiting for it could be for ever
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    world.loop.run();
  }
  CHECK(again.addresses == Texts({"10.0.0.1:80"}));
}

TEST_CASE("the threads of name lookups leave all signals to the program") {
  sigset_t before;
  REQUIRE(pthread_sigmask(SIG_SETMASK, nullptr, &before) == 0);
  ResolverLoop loop;
  std::atomic<bool> blocked{false};
  NameService::Options options;
  options.query = [&blocked](const std::string&) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGINT) == 1 && sigismember(&mask, SIGUSR1) == 1;
    NameAnswer answer;
    answer.addresses.push_back(*literal_address("10.0.0.1", 0));
    return answer;
  };
  Resolver resolver(loop.post(), NameService::make(std::move(options)));
  ResolverAnswer answer;
  const auto lookup = resolver.start("host.example", 80, answer.callback());
  loop.run_next();
  CHECK(answer.calls == 1);
  CHECK(blocked);
  sigset_t after;
  REQUIRE(pthread_sigmask(SIG_SETMASK, nullptr, &after) == 0);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGCHLD, SIGALRM}) {
    CAPTURE(signal);
    CHECK(sigismember(&after, signal) == sigismember(&before, signal));
  }
}

TEST_CASE("no more threads than allowed, and every lookup gets its turn") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"});
  const auto service = world.service(2);
  Resolver resolver(world.loop.post(), service);
  std::vector<ResolverAnswer> answers(5);
  std::vector<Resolver::Lookup> lookups;
  for (std::size_t index = 0; index < answers.size(); ++index) {
    const std::string host = std::to_string(index) + ".example";
    lookups.push_back(resolver.start(host, 80, answers[index].callback()));
  }
  world.server->wait_until_asked(2);
  CHECK(service->thread_count() == 2);
  CHECK(world.server->asked().size() == 2);
  world.server->open();
  world.loop.wait_for(5);
  world.loop.run();
  for (const ResolverAnswer& answer : answers) CHECK(answer.calls == 1);
}

TEST_CASE("an idle thread stays for the next lookup, and leaves after a while") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"}).open();
  const auto patient = world.service(1);
  const auto hasty = world.service(1, std::chrono::milliseconds(1));
  for (const auto& service : {patient, hasty}) {
    Resolver resolver(world.loop.post(), service);
    for (int round = 0; round < 100; ++round) {
      ResolverAnswer answer;
      const auto lookup = resolver.start("host.example", 80, answer.callback());
      world.loop.run_next();
      CHECK(answer.calls == 1);
    }
  }
  CHECK(patient->thread_count() == 1);
  wait_until_threads_left(*hasty);
  CHECK(hasty->thread_count() == 0);
}

TEST_CASE("of two lookups in one go the second does not wait behind the first for an idle thread") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"});
  // In a round in which the thread is not idle again, or has the first one already, all is well.
  for (std::size_t round = 1; round <= 20; ++round) {
    const auto service = world.service(2, std::chrono::milliseconds(20));
    Resolver resolver(world.loop.post(), service);
    std::vector<ResolverAnswer> answers(3);
    world.server->open();
    const auto earlier = resolver.start("earlier.example", 80, answers[0].callback());
    world.loop.run_next();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    world.server->shut();
    const auto first = resolver.start("first.example", 80, answers[1].callback());
    const auto second = resolver.start("second.example", 80, answers[2].callback());
    for (int i = 0; i < 5'000 && world.server->asked().size() < 3 * round; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    CHECK(world.server->asked().size() == 3 * round);
    world.server->open();
    world.loop.wait_for(2);
    world.loop.run();
    for (const ResolverAnswer& answer : answers) CHECK(answer.calls == 1);
    wait_until_threads_left(*service);
  }
}

TEST_CASE("many loops on many threads resolve at once") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"}).open();
  const auto service = world.service(4);
  std::vector<std::thread> threads;
  std::vector<int> counts(4);
  for (int& count : counts) {
    threads.emplace_back([&] {
      ResolverLoop loop;
      Resolver resolver(loop.post(), service);
      for (int round = 0; round < 200; ++round) {
        ResolverAnswer kept;
        ResolverAnswer dropped;
        const auto lookup = resolver.start("a.example", 80, kept.callback());
        { const auto gone = resolver.start("b.example", 80, dropped.callback()); }
        while (kept.calls == 0) loop.run_next();
        count += kept.calls + dropped.calls;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : counts) CHECK(count == 200);
}

TEST_CASE("the process ends cleanly with a lookup under way") {
  // The name server never answers: a thread is still waiting when the test program exits, which
  // hangs or crashes if anything is joined or destroyed under that thread.
  ResolverWorld world;
  Resolver resolver(world.loop.post(), world.service());
  ResolverAnswer answer;
  const auto lookup = resolver.start("never.example", 80, answer.callback());
  world.server->wait_until_asked(1);
  CHECK(world.loop.run() == 0);
}

TEST_CASE("the system is asked for addresses of streams, each once") {
  const NameAnswer answer = ask_system("127.0.0.1");
  CHECK(answer.error == 0);
  REQUIRE(answer.addresses.size() == 1);
  CHECK(answer.addresses.front().to_string() == "127.0.0.1:0");
  CHECK(ask_system("not..a..name").error != 0);
}

TEST_CASE("the service of the process is one for all") {
  CHECK(NameService::of_process() == NameService::of_process());
  CHECK(NameService::of_process() != nullptr);
}
