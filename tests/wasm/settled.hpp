// What became of a JavaScript promise, for tests that wait for one.
#pragma once

#include <emscripten/val.h>

#include <string>

namespace reqivo::test {

/// Waits until `promise` is settled: `{value}` or `{reason}`.
[[nodiscard]] emscripten::val settled(emscripten::val promise);

/// `{controller, signal}` of a new AbortController.
class Aborter {
 public:
  Aborter();
  [[nodiscard]] emscripten::val signal() const { return controller_["signal"]; }
  void abort(const std::string& reason) { controller_.call<void>("abort", reason); }
  /// How often one was added, over all.
  [[nodiscard]] int listeners() const { return signal()["listeners"].as<int>(); }

 private:
  emscripten::val controller_;
};

/// How many turns of the event loop were asked of queueMicrotask since the first call of this.
[[nodiscard]] int turns_asked();
/// The same of tasks, which wait until the page has had its turn.
[[nodiscard]] int tasks_asked();

/// How often fetch was called since the first call of this, and how often with C++ on the stack.
[[nodiscard]] int fetch_calls();
[[nodiscard]] int fetch_calls_inside();

/// The next fetch takes one piece of its body, has another made, and wants no more once
/// `next_piece_begins` has been called; its answer comes 100 ms later and is "early".
void give_next_upload_up();
void next_piece_begins();

/// The body of the next fetch has its next chunk at hand whenever it is asked, for so long.
void answer_without_a_pause(int milliseconds);
/// How often the platform's timer ticked until the end of that body.
[[nodiscard]] int ticks_meanwhile();

/// What a program's own fetch may do that the platform's never does.
enum class OddFetch { throws, locked_body, body_of_text, chunks_of_text, no_more_than_a_status };
/// The next fetch does that.
void answer_oddly(OddFetch how);

/// The next fetch fails as Node's does: with a cause that has this code and message.
void fail_next_fetch(const char* code, const char* message);

/// Under Node, after the first request: sees which limits of Node's own the next one has.
void watch_node_limits();
/// The larger of those for the head and for the body, in milliseconds; 0 is none.
[[nodiscard]] double node_limits_seen();

/// How many fetches and promises the JavaScript half holds on to.
[[nodiscard]] int fetches_held();
[[nodiscard]] int promises_held();

}  // namespace reqivo::test
