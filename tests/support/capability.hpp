// Where a backend cannot do what a test needs, the test is skipped with a reason; nothing else may
// skip one.
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <reqivo/capabilities.hpp>
#include <string>
#include <string_view>

namespace reqivo::test {

/// `require(capabilities().manual_redirects, "manual_redirects")`
inline void require(bool supported, std::string_view name) {
  if (!supported) {
    SKIP("the " << capabilities().backend << " backend lacks " << name);
  }
}

/// Where this program runs: "native", "node", "chromium" or "firefox".
inline std::string_view test_target() {
  if (capabilities().backend == "native") return "native";
  const char* const target = std::getenv("REQIVO_TEST_TARGET");
  return target != nullptr ? target : "node";
}

/// The first number of the version of Node that this program runs in; elsewhere of no meaning.
inline int node_major() {
  const char* const major = std::getenv("REQIVO_NODE_MAJOR");
  return major != nullptr ? std::atoi(major) : 0;
}

/// For what a platform does and no capability tells: `skip_on("firefox", "keeps ... open")`
inline void skip_on(std::string_view target, std::string_view why) {
  if (test_target() == target) {
    SKIP(target << " " << why);
  }
}

}  // namespace reqivo::test
