// The one place where a test blocks.
#pragma once

#include <chrono>
#include <reqivo/async.hpp>
#include <type_traits>
#include <utility>

namespace reqivo::test {

/// `run_test([]() -> Task<void> { ... });` runs the body to its end; a body that hangs fails after
/// a minute. What the body needs from outside is given as further arguments, since a coroutine must
/// not capture.
template <class Body, class... Arguments>
void run_test(Body body, Arguments... arguments) {
  static_assert(std::is_empty_v<Body> || std::is_pointer_v<Body>, "a coroutine must not capture");
  run(wait_for(body(std::move(arguments)...), std::chrono::seconds(60)));
}

}  // namespace reqivo::test
