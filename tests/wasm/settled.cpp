#include "wasm/settled.hpp"

#include <emscripten/em_js.h>

// clang-format off
EM_JS_DEPS(reqivo_test, "$Emval,$reqivo,$reqivoPromises,$UTF8ToString");
EM_JS(emscripten::EM_VAL, reqivo_test_settled, (emscripten::EM_VAL promise), {
  return Emval.toHandle(Emval.toValue(promise).then((value) => ({ value }), (reason) => ({ reason })));
});
EM_JS(int, reqivo_test_fetches_held, (), { return reqivo.records.size; });
EM_JS(int, reqivo_test_promises_held, (), { return reqivoPromises.records.size; });
EM_JS(int, reqivo_test_turns_asked, (), {
  if (!globalThis['reqivoTurnsAsked']) {
    const ask = globalThis.queueMicrotask;
    globalThis['reqivoTurnsAsked'] = { 'count' : 0 };
    globalThis.queueMicrotask = (task) => {
      if (task === reqivo.turn) ++globalThis['reqivoTurnsAsked']['count']; // Node has its own, too
      ask(task);
    };
  }
  return globalThis['reqivoTurnsAsked']['count'];
});
EM_JS(int, reqivo_test_tasks_asked, (), {
  if (!globalThis['reqivoTasksAsked']) {
    const post = reqivo.postTask;
    globalThis['reqivoTasksAsked'] = { 'count' : 0 };
    reqivo.postTask = (task) => {
      ++globalThis['reqivoTasksAsked']['count'];
      post(task);
    };
  }
  return globalThis['reqivoTasksAsked']['count'];
});
EM_JS(int, reqivo_test_fetch_calls, (int inside_only), {
  if (!globalThis['reqivoFetchCalls']) {
    const call = globalThis.fetch;
    const calls = globalThis['reqivoFetchCalls'] = { 'all' : 0, 'inside' : 0 };
    globalThis.fetch = (...words) => {
      Error['stackTraceLimit'] = 1000;
      ++calls['all'];
      if (new Error().stack.includes('wasm-function')) ++calls['inside'];
      return call(...words);
    };
  }
  return globalThis['reqivoFetchCalls'][inside_only ? 'inside' : 'all'];
});
EM_JS(void, reqivo_test_give_next_upload_up, (), {
  const call = globalThis.fetch;
  globalThis.fetch = async (url, init) => {
    globalThis.fetch = call;
    const reader = init['body'].getReader();
    await reader.read();
    const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    const begun = new Promise((resolve) => { globalThis['reqivoNextPiece'] = resolve; });
    reader.read(); // has the next piece made
    await begun;
    await reader.cancel();
    await wait(100);
    return new Response('early');
  };
});
EM_JS(void, reqivo_test_next_piece_begins, (), { globalThis['reqivoNextPiece'](); });
EM_JS(void, reqivo_test_answer_without_a_pause, (int milliseconds), {
  const call = globalThis.fetch;
  globalThis.fetch = async () => {
    globalThis.fetch = call;
    globalThis['reqivoTicks'] = 0;
    const ticking = setInterval(() => ++globalThis['reqivoTicks'], 1);
    const end = performance.now() + milliseconds;
    return new Response(new ReadableStream({
      pull(controller) {
        if (performance.now() < end) return controller.enqueue(new Uint8Array(65536));
        clearInterval(ticking);
        controller.close();
      },
    }));
  };
});
EM_JS(int, reqivo_test_ticks_meanwhile, (), { return globalThis['reqivoTicks']; });
EM_JS(void, reqivo_test_answer_oddly, (int how), {
  const call = globalThis.fetch;
  globalThis.fetch = () => {
    globalThis.fetch = call;
    if (how == 0) throw new TypeError('no fetch ' + String.fromCharCode(0xe9, 0x441));
    const response = new Response(new ReadableStream({
      start(controller) {
        controller.enqueue('text');
        controller.close();
      },
    }));
    if (how == 1) response.body.getReader();
    if (how == 2) return { 'status' : 200, 'headers' : [], 'body' : 'text' };
    return how == 4 ? { 'status' : 200, 'headers' : [] } : response;
  };
});
EM_JS(void, reqivo_test_fail_next_fetch, (const char* code, const char* message), {
  const call = globalThis.fetch;
  const cause = Object.assign(new Error(UTF8ToString(message)), { 'code' : UTF8ToString(code) });
  globalThis.fetch = async () => {
    globalThis.fetch = call;
    throw new TypeError('fetch failed', { cause });
  };
});
EM_JS(void, reqivo_test_node_limit, (), {
  const key = Symbol.for('undici.globalDispatcher.1');
  const dispatcher = globalThis[key];
  globalThis['reqivoNodeLimit'] = -1;
  globalThis[key] = {
    'dispatch' : (options, handler) => {
      globalThis[key] = dispatcher;
      globalThis['reqivoNodeLimit'] = Math.max(options['headersTimeout'], options['bodyTimeout']);
      return dispatcher['dispatch'](options, handler);
    },
  };
});
EM_JS(void, reqivo_test_count_listeners, (emscripten::EM_VAL target), {
  const counted = Emval.toValue(target);
  const add = counted.addEventListener;
  counted['listeners'] = 0;
  counted.addEventListener = (...words) => {
    ++counted['listeners'];
    add.apply(counted, words);
  };
});
EM_JS(double, reqivo_test_node_limit_seen, (), { return globalThis['reqivoNodeLimit']; });
// clang-format on

namespace reqivo::test {

emscripten::val settled(emscripten::val promise) {
  return emscripten::val::take_ownership(reqivo_test_settled(promise.as_handle())).await();
}

Aborter::Aborter() : controller_(emscripten::val::global("AbortController").new_()) {
  reqivo_test_count_listeners(signal().as_handle());
}

int turns_asked() { return reqivo_test_turns_asked(); }

int tasks_asked() { return reqivo_test_tasks_asked(); }

int fetch_calls() { return reqivo_test_fetch_calls(0); }

int fetch_calls_inside() { return reqivo_test_fetch_calls(1); }

void give_next_upload_up() { reqivo_test_give_next_upload_up(); }

void next_piece_begins() { reqivo_test_next_piece_begins(); }

void answer_without_a_pause(int milliseconds) { reqivo_test_answer_without_a_pause(milliseconds); }

int ticks_meanwhile() { return reqivo_test_ticks_meanwhile(); }

void answer_oddly(OddFetch how) { reqivo_test_answer_oddly(static_cast<int>(how)); }

void fail_next_fetch(const char* code, const char* message) {
  reqivo_test_fail_next_fetch(code, message);
}

void watch_node_limits() { reqivo_test_node_limit(); }

double node_limits_seen() { return reqivo_test_node_limit_seen(); }

int fetches_held() { return reqivo_test_fetches_held(); }

int promises_held() { return reqivo_test_promises_held(); }

}  // namespace reqivo::test
