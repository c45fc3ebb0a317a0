// One connection without a pool or an exchange around it.
#include "native/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <reqivo/async.hpp>
#include <string>

#include "native/event_loop.hpp"
#include "support/run_test.hpp"
#include "tls_local_peer.hpp"

namespace reqivo::test {
namespace {

using namespace std::chrono_literals;
using detail::Done;
using detail::Outcome;
using native::Connection;
using native::OutgoingBytes;
using native::Socket;
using native::TlsContext;
using native::TlsEngine;
using testing::TlsTestConnection;
using testing::TlsTestServer;

TEST_CASE("a connection keeps nothing of what it has sent, however that was cut", "[connection]") {
  run_test([]() -> Task<void> {
    const TlsTestServer server(own_server());
    auto context = TlsContext::make(trusting_own());
    REQUIRE(context.ok());
    TlsEngine engine(std::move(context).value(), "localhost", 443);
    TlsTestConnection remote(server);
    REQUIRE(testing::shake_hands(engine, remote) == TlsEngine::Progress::done);
    testing::carry_to_server(engine, remote);

    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
    const int little = 4096;  // so that what is sent has to wait
    REQUIRE(::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof little) == 0);
    LocalPeer peer{OwnedDescriptor(ends[1])};
    Connection connection(Socket(native::AsioEventLoop::current().reactor(), ends[0]),
                          std::move(engine));

    // Encrypted at once, so that only its sending is left when the answer comes.
    const auto body = std::make_shared<const std::string>(50'000, 'x');
    JoinHandle<Outcome<Done>> writing =
        create_task(connection.write(OutgoingBytes(std::string("head"), body)));
    CHECK_FALSE(writing.done());
    CHECK_FALSE(connection.has_early_input());
    remote.send("early");
    peer.send(remote.take_output());
    while (!connection.has_early_input()) co_await sleep(1ms);
    CHECK(connection.write_unfinished());
    CHECK(connection.take_early_input());
    CHECK(connection.input() == "early");

    while (!writing.done()) {
      static_cast<void>(peer.take());
      co_await sleep(1ms);
    }
    const Outcome<Done> sent = co_await writing;
    CHECK(sent.ok());
    CHECK_FALSE(connection.write_unfinished());
    CHECK(body.use_count() == 1);
  });
}

}  // namespace
}  // namespace reqivo::test
