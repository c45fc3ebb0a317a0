// What a backend cannot do it refuses by name; what it can do it does.
#include <catch2/catch_test_macros.hpp>
#include <reqivo/client.hpp>
#include <reqivo/json.hpp>
#include <string>

#include "support/capability.hpp"
#include "support/failures.hpp"
#include "support/reading.hpp"
#include "support/run_test.hpp"
#include "support/test_server.hpp"

using namespace reqivo;
using namespace reqivo::test;

namespace {

/// Runs `setting`, which this backend lacks and has to refuse by the option's name.
template <class Setting>
void check_unsupported(std::string_view option, const Setting& setting) {
  try {
    setting();
    FAIL_CHECK("nothing refused " << option);
  } catch (const UnsupportedError& refused) {
    check_failure(refused, ErrorCode::unsupported, Phase::none);
    const std::string message = refused.what();
    CHECK(message.find(option) != std::string::npos);
    CHECK(message.find(capabilities().backend) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("the backend has a name", "[settings]") {
  const bool known = capabilities().backend == "native" || capabilities().backend == "wasm";
  CHECK(known);
}

TEST_CASE("settings that the backend honours are taken, others are refused at the call",
          "[settings]") {
  AsyncSession session;
  const Capabilities& can = capabilities();
  const auto tls = [&session] { session.tls(TlsOptions().verify(true)); };
  const auto limits = [&session] { session.limits(Limits().connections(1)); };
  const auto manual = [&session] { session.redirect(Redirect::manual); };
  const auto redirects = [&session] { session.max_redirects(3); };
  const auto raw = [&session] { session.decode(false); };
  if (can.tls_options) CHECK_NOTHROW(tls());
  if (!can.tls_options) check_unsupported("tls", tls);
  if (can.connection_limits) CHECK_NOTHROW(limits());
  if (!can.connection_limits) check_unsupported("limits", limits);
  if (can.manual_redirects) CHECK_NOTHROW(manual());
  if (!can.manual_redirects) check_unsupported("redirect", manual);
  if (can.manual_redirects) CHECK_NOTHROW(redirects());
  if (!can.manual_redirects) check_unsupported("max_redirects", redirects);
  if (can.raw_body) CHECK_NOTHROW(raw());
  if (!can.raw_body) check_unsupported("decode", raw);
  CHECK_NOTHROW(session.limits(Limits().body_size(10)));
  CHECK_NOTHROW(session.redirect(Redirect::error).redirect(Redirect::follow).decode(true));
}

TEST_CASE("requests refuse what the backend lacks when they are sent", "[settings]") {
  if (capabilities().manual_redirects && capabilities().raw_body) {
    SKIP("this backend lacks nothing that a request can ask for");
  }
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().http());
    if (!capabilities().manual_redirects) {
      static_cast<void>(
          co_await failure_of<UnsupportedError>(session.get("/get").redirect(Redirect::manual)));
    }
    if (!capabilities().raw_body) {
      static_cast<void>(co_await failure_of<UnsupportedError>(session.get("/get").decode(false)));
    }
  });
}

TEST_CASE("a session trusts the authority it is told to", "[settings]") {
  require(capabilities().tls_options, "tls_options");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().https());
    session.tls(TlsOptions().ca_file(test_server().ca_file()));
    const Response response = co_await session.get("/tls");
    CHECK(response.ok());
    CHECK(response.json().at("server_name").get<std::string>() == "localhost");
    const Response again = co_await session.get("/bytes/300000?seed=1");
    CHECK(again.body() == seeded_bytes(300000, 1));
  });
}

TEST_CASE("min_version and verify(false) do what they say", "[settings]") {
  require(capabilities().tls_options, "tls_options");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().https());
    session.tls(TlsOptions().verify(false).min_version(TlsVersion::tls1_3));
    const Response response = co_await session.get("/tls");
    CHECK(response.json().at("protocol").get<std::string>() == "TLSv1.3");
    session.tls(TlsOptions());
    const auto failure = co_await failure_of<TlsError>(session.get("/tls"));
    check_failure(failure, ErrorCode::tls, Phase::tls, true);
  });
}

TEST_CASE("a CA file that cannot be read is TlsError", "[settings]") {
  require(capabilities().tls_options, "tls_options");
  run_test([]() -> Task<void> {
    AsyncSession session(test_server().https());
    session.tls(TlsOptions().ca_file(test_server().ca_file() + ".missing"));
    const auto failure = co_await failure_of<TlsError>(session.get("/tls"));
    CHECK(failure.code() == ErrorCode::tls);
    session.tls(TlsOptions().ca_pem("not a certificate"));
    const auto not_pem = co_await failure_of<TlsError>(session.get("/tls"));
    CHECK(not_pem.code() == ErrorCode::tls);
  });
}
