#include "native/resolver.hpp"

#include <netdb.h>

#include <catch2/catch_test_macros.hpp>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "resolver_test_support.hpp"

using reqivo::detail::Outcome;
using reqivo::native::Address;
using reqivo::native::Resolver;
using reqivo::testing::ResolverAnswer;
using reqivo::testing::ResolverWorld;
using reqivo::testing::wait_until_threads_left;

namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("literals and localhost need neither a thread nor the system") {
  ResolverWorld world;
  const auto service = world.service();
  Resolver resolver(world.loop.post(), service);
  ResolverAnswer v4;
  ResolverAnswer v6;
  ResolverAnswer localhost;
  const auto first = resolver.start("192.0.2.1", 80, v4.callback());
  const auto second = resolver.start("[2001:db8::1]", 443, v6.callback());
  const auto third = resolver.start("app.localhost", 8080, localhost.callback());
  CHECK(v4.calls == 0);
  CHECK(world.loop.run() == 3);
  CHECK(v4.addresses == Texts({"192.0.2.1:80"}));
  CHECK(v6.addresses == Texts({"[2001:db8::1]:443"}));
  CHECK(localhost.addresses == Texts({"[::1]:8080", "127.0.0.1:8080"}));
  CHECK(service->thread_count() == 0);
  CHECK(world.server->asked().empty());
}

TEST_CASE("a name gives its addresses in racing order with the port asked for") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1", "10.0.0.2", "10.0.0.1", "[::1]"}).open();
  Resolver resolver(world.loop.post(), world.service());
  ResolverAnswer answer;
  const auto lookup = resolver.start("host.example", 8443, answer.callback());
  world.loop.run_next();
  CHECK(answer.calls == 1);
  CHECK(answer.addresses == Texts({"10.0.0.1:8443", "[::1]:8443", "10.0.0.2:8443"}));
  CHECK(world.server->asked() == Texts({"host.example"}));
}

TEST_CASE("a name that does not resolve is a failure with the system's reason") {
  const auto failure_for = [](int error, int system_error) {
    ResolverWorld world;
    world.server->answer(error, system_error, {}).open();
    Resolver resolver(world.loop.post(), world.service());
    ResolverAnswer answer;
    const auto lookup = resolver.start("host.example", 80, answer.callback());
    world.loop.run_next();
    REQUIRE(answer.failure.has_value());
    CHECK(answer.failure->code == reqivo::ErrorCode::dns);
    CHECK(answer.failure->phase == reqivo::Phase::resolve);
    CHECK(answer.failure->retryable);
    return answer.failure->what;
  };
  CHECK(failure_for(EAI_NONAME, 0) ==
        std::string("cannot resolve host.example: ") + gai_strerror(EAI_NONAME));
  CHECK(failure_for(EAI_SYSTEM, EMFILE) ==
        "cannot resolve host.example: " + std::generic_category().message(EMFILE));
  CHECK(failure_for(0, 0) == "cannot resolve host.example: no usable address");
}

TEST_CASE("what is no name at all fails without asking the system") {
  ResolverWorld world;
  Resolver resolver(world.loop.post(), world.service());
  ResolverAnswer empty;
  ResolverAnswer cut;
  const auto first = resolver.start("", 80, empty.callback());
  const auto second = resolver.start(std::string("localhost\0.example", 18), 80, cut.callback());
  CHECK(world.loop.run() == 2);
  CHECK(empty.failure.has_value());
  CHECK(cut.failure.has_value());
  CHECK(world.server->asked().empty());
}

TEST_CASE("a lookup that is dropped destroys its callback at once and never calls it") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"});
  const auto service = world.service(16, std::chrono::milliseconds(1));
  Resolver resolver(world.loop.post(), service);
  auto token = std::make_shared<int>(0);
  {
    const auto lookup = resolver.start("slow.example", 80,
                                       [token](const Outcome<std::vector<Address>>&) { ++*token; });
    world.server->wait_until_asked(1);
    CHECK(token.use_count() == 2);
  }
  CHECK(token.use_count() == 1);
  world.server->open();
  wait_until_threads_left(*service);
  world.loop.run();
  CHECK(*token == 0);
}

TEST_CASE("a lookup that is dropped after its answer arrived does not call back either") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"}).open();
  Resolver resolver(world.loop.post(), world.service());
  ResolverAnswer answer;
  {
    const auto lookup = resolver.start("host.example", 80, answer.callback());
    world.loop.wait_for(1);
  }
  CHECK(world.loop.run() == 1);
  CHECK(answer.calls == 0);
}

TEST_CASE("assigning another lookup drops the first") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"}).open();
  Resolver resolver(world.loop.post(), world.service());
  ResolverAnswer first;
  ResolverAnswer second;
  auto lookup = resolver.start("first.example", 80, first.callback());
  world.loop.wait_for(1);
  lookup = resolver.start("192.0.2.1", 80, second.callback());
  CHECK(world.loop.run() == 2);
  CHECK(second.calls == 1);
  CHECK(first.calls == 0);
}

TEST_CASE("a callback may drop its own lookup") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"}).open();
  Resolver resolver(world.loop.post(), world.service());
  Resolver::Lookup lookup;
  std::string seen;
  auto text = std::make_shared<std::string>("still here");
  lookup = resolver.start("host.example", 80, [&, text](const Outcome<std::vector<Address>>&) {
    lookup.abandon();
    seen = *text;
  });
  text.reset();
  world.loop.run_next();
  CHECK(seen == "still here");
}

TEST_CASE("a resolver goes away while its lookup blocks, and nothing is posted after that") {
  ResolverWorld world;
  world.server->answer(0, 0, {"10.0.0.1"});
  const auto service = world.service(16, std::chrono::milliseconds(1));
  ResolverAnswer answer;
  Resolver::Lookup lookup;
  {
    Resolver resolver(world.loop.post(), service);
    lookup = resolver.start("slow.example", 80, answer.callback());
    world.server->wait_until_asked(1);
  }
  world.server->open();
  wait_until_threads_left(*service);
  CHECK(world.loop.run() == 0);
  CHECK(answer.calls == 0);
}
