#include "wasm/settled.hpp"

#include <emscripten/em_js.h>

// clang-format off
EM_JS_DEPS(reqivo_test, "$Emval,$reqivo,$reqivoPromises");
EM_JS(emscripten::EM_VAL, reqivo_test_settled, (emscripten::EM_VAL promise), {
  return Emval.toHandle(Emval.toValue(promise).then((value) => ({ value }), (reason) => ({ reason })));
});
EM_JS(int, reqivo_test_fetches_held, (), { return reqivo.records.size; });
EM_JS(int, reqivo_test_promises_held, (), { return reqivoPromises.records.size; });
// clang-format on

namespace reqivo::test {

emscripten::val settled(emscripten::val promise) {
  return emscripten::val::take_ownership(reqivo_test_settled(promise.as_handle())).await();
}

Aborter::Aborter() : controller_(emscripten::val::global("AbortController").new_()) {}

int fetches_held() { return reqivo_test_fetches_held(); }

int promises_held() { return reqivo_test_promises_held(); }

}  // namespace reqivo::test
