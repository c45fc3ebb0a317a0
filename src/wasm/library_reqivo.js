// The JavaScript half of Reqivo's wasm platform; fetch_bridge.hpp describes each function.
//
// It moves bytes and settles promises and holds no policy. Every promise gets both handlers at once,
// so that no rejection is ever unhandled. A record is alive while `record.operation` is not 0; what
// settles later finds 0 and does nothing.
//
// Closure Compiler renames properties that it does not know: names that the platform reads are
// quoted where its externs are older than they are.

#if WASM_EXCEPTIONS
#error "Reqivo needs JavaScript-based exceptions: link with -fexceptions, without -fwasm-exceptions"
#endif
#if ASYNCIFY == 2
#error "Reqivo cannot suspend by JSPI, which does not go together with exceptions: use -sASYNCIFY"
#endif

addToLibrary({
  // Emscripten before 4 writes out a Map in an object as {}.
  $reqivo__postset: 'reqivo.records = new Map();',
  $reqivo__deps: [
    '$callUserCallback', '$stackSave', '$stackRestore', 'reqivo_turn', 'reqivo_fetch_allocate',
    'reqivo_fetch_head', 'reqivo_fetch_chunk', 'reqivo_fetch_end', 'reqivo_fetch_failed',
#if ENVIRONMENT_MAY_BE_NODE
    '$reqivoNode',
#endif
  ],
  $reqivo: {
    // ---- calls into C++

    resume: null, // lets the suspended program go on
    // Calls into C++ from the outermost frame.
    enter(call) {
      let mayResume;
      const stack = stackSave();
      reqivo.inside = true;
      try {
        callUserCallback(() => { mayResume = call(); });
      } finally {
        reqivo.inside = false;
        // An exception of JavaScript has left C++ in the middle of its turn.
        if (mayResume === undefined && !ABORT) {
          stackRestore(stack);
          queueMicrotask(reqivo.turn);
        }
        reqivo.carryOut();
      }
      if (mayResume) reqivo.resume?.();
    },
    inside: false,

    // What C++ orders of fetch is done once it has left the stack: browsers look at the stack that a
    // request is made from, and take the longer for it the deeper it is.
    orders: [],
    // Nothing is done for a record that is not alive any more by then, or was not before: Node
    // takes them all when the program ends.
    order(record, work) {
#if ENVIRONMENT_MAY_BE_NODE
      if (reqivo.ended) return;
#endif
      if (!reqivo.inside && !reqivo.orders.length) queueMicrotask(reqivo.carryOut);
      reqivo.orders.push(() => {
        if (record?.operation) work(record);
      });
    },
    carryOut() {
      if (reqivo.orders.length) reqivo.orders.splice(0).forEach((work) => work());
    },
    turn() {
      reqivo.enter(() => _reqivo_turn(0));
    },
    turnForTimer() {
      reqivo.enter(() => _reqivo_turn(1));
    },

    // ---- the event loop

    timer: undefined,
    channel: null,
    postTask(task) {
#if ENVIRONMENT_MAY_BE_NODE
      if (reqivo.isNode()) {
        reqivo.immediate = setImmediate(task);
        if (reqivo.ended) reqivo.immediate['unref']();
        return;
      }
#endif
      // Timers are late on purpose once they are nested; a message comes at once.
      if (!reqivo.channel) {
        reqivo.channel = new MessageChannel();
        reqivo.channel.port1.onmessage = () => reqivo.tasks.shift()();
      }
      reqivo.tasks.push(task);
      reqivo.channel.port2.postMessage(0);
    },
    tasks: [],

#if ENVIRONMENT_MAY_BE_NODE
    isAwaited: () => false, // whether JavaScript waits for a promise of ours

    // What a program has left going on no longer keeps the process, nor what comes of it while the
    // process lives on for something else.
    programIsOver: false,
    exitCode: 0,
    ended: false,
    immediate: undefined,
    letProcessEnd() {
      if (!reqivo.programIsOver || reqivo.resume || reqivo.isAwaited()) return;
      reqivo.ended = true;
      reqivo.timer?.['unref']();
      reqivo.immediate?.['unref']();
      for (const handle of [...reqivo.records.keys()]) _reqivo_fetch_release(handle);
    },
    // Somebody waits again.
    keepProcess() {
      reqivo.ended = false;
      reqivo.timer?.['ref']();
      reqivo.immediate?.['ref']();
    },

    runsInNode: undefined,
    isNode() {
      return (reqivo.runsInNode ??= typeof process == 'object' && !!process.versions &&
        !!process.versions.node && process.type != 'renderer');
    },
#endif

    // ---- bytes and text

    // The bytes for a platform that copies them before it returns; some refuse views of memory that
    // may be shared or resized, and get a copy.
    bytes(pointer, size) {
      const view = HEAPU8.subarray(pointer, pointer + size);
      const { buffer } = view;
      return buffer instanceof ArrayBuffer && !buffer['resizable'] ? view : view.slice();
    },

    // Bytes as a string of the same character codes (Fetch: isomorphic decode), which is how fetch
    // takes header values.
    decodeBytes(pointer, size) {
      const most = 8192; // arguments of one call
      let text = '';
      for (let at = 0; at < size; at += most) {
        const end = Math.min(size, at + most);
        text += String.fromCharCode.apply(null, HEAPU8.subarray(pointer + at, pointer + end));
      }
      return text;
    },
    encodeBytes(text, pointer) {
      for (let at = 0; at < text.length; ++at) HEAPU8[pointer + at] = text.charCodeAt(at);
    },
    line(text) {
      return String(text ?? '').replace(/[\r\n]+/g, ' ') + '\n';
    },

    // ---- fetch

    records: null, // by handle
    lastHandle: 0,

    // `body` gives the part of fetch's second argument that is about it.
    start(record, head, headSize, body) {
      const handle = ++reqivo.lastHandle;
      reqivo.records.set(handle, record);
      const lines = reqivo.decodeBytes(head, headSize).split('\n');
      reqivo.order(record, () => reqivo.send(record, lines, body));
      return handle;
    },
    // The lines of `reqivo_fetch_start`, by the names that fetch knows them by. It does not look for
    // a url in there.
    settings: ('method url redirect credentials mode cache referrerPolicy integrity keepalive ' +
      'priority').split(' '),
    send(record, lines, body) {
      record.controller = new AbortController();
      const headers = [];
      const init = { 'headers': headers, 'signal': record.controller.signal };
      reqivo.settings.forEach((name, at) => {
        if (lines[at]) init[name] = lines[at];
      });
      for (let at = reqivo.settings.length; at + 1 < lines.length; at += 2) {
        headers.push([lines[at], lines[at + 1]]);
      }
      // In there, as what throws outside of it would take the orders behind this one along. A
      // program's own fetch may throw, and answer with anything.
      new Promise((resolve) => {
        Object.assign(init, body());
#if ENVIRONMENT_MAY_BE_NODE
        if (reqivo.isNode()) {
          init['dispatcher'] = (reqivoNode.patient ??= reqivoNode.makePatient());
          if (init['integrity']) return resolve(reqivoNode.fetchChecked(lines[1], init));
        }
#endif
        resolve(fetch(lines[1], init));
      }).then(reqivo.describe).then(
        (head) => reqivo.takeHead(record, head),
        (error) => reqivo.fail(record, error));
    },

    // Hands bytes that `write` writes to an operation and tells it by `tell`.
    deliver(record, size, write, tell) {
      reqivo.enter(() => {
        const { operation } = record;
        const pointer = _reqivo_fetch_allocate(operation, size);
        if (!pointer) return _reqivo_fetch_failed(operation);
        write(pointer);
        return tell(operation);
      });
    },

    // Nothing is left to abort. An abort now could still reject promises of the platform's own.
    finish(record) {
      if (!record.upload) record.controller = null;
    },

    fail(record, error) {
      if (!record.operation) return;
      record.settled = true;
      reqivo.finish(record);
      const name = reqivo.line(error?.name);
      const message = reqivo.line(error?.message ?? error);
#if ENVIRONMENT_MAY_BE_NODE
      // Only Node tells codes and causes.
      const cause = error?.cause?.errors?.[0] ?? error?.cause;
      let code = error?.cause?.code ?? cause?.code ?? error?.code;
      if (cause?.['syscall'] == 'connect') code = 'connect ' + code;
      const text = name + reqivo.line(code) + message + reqivo.line(cause?.message);
#else
      const text = name + '\n' + message;
#endif
      const bytes = new TextEncoder().encode(text); // in the words of the user's language, maybe
      reqivo.deliver(record, bytes.length, (pointer) => HEAPU8.set(bytes, pointer),
        _reqivo_fetch_failed);
    },

    // The text as `reqivo_fetch_head` wants it.
    describe(response) {
#if ENVIRONMENT_MAY_BE_NODE
      let reason = response.statusText ?? '';
      // Node takes the reason's bytes for UTF-8.
      if (reqivo.isNode()) reason = globalThis['Buffer']['from'](reason)['toString']('latin1');
#else
      const reason = response.statusText;
#endif
      let text = reqivo.line(reason).replace(/[^\0-\xFF]/g, '?') +
        (response.redirected && response.url || '') + '\n';
      for (const [name, value] of response.headers) text += name + '\n' + value + '\n';
      return { response, text, reader: response.body?.getReader() };
    },
    takeHead(record, { response, text, reader }) {
      if (!record.operation) return; // aborted, and its body with it
      record.settled = true;
      record.reader = reader;
      record.reads = 0;
#if ENVIRONMENT_MAY_BE_NODE
      // Node waits for the body that a 304's Content-Length may seem to announce, until it is aborted.
      if (!reader && !reqivo.isNode()) reqivo.finish(record);
#else
      if (!reader) reqivo.finish(record);
#endif
      reqivo.deliver(record, text.length, (pointer) => reqivo.encodeBytes(text, pointer),
        (operation) => _reqivo_fetch_head(
          operation, response.status, !!reader, response.type == 'opaqueredirect'));
    },

    takeChunk(record, { done, value }) {
      if (!record.operation) return;
      if (done) {
        reqivo.finish(record);
        reqivo.enter(() => _reqivo_fetch_end(record.operation));
      } else if (value.length == 0) {
        reqivo.read(record);
      } else if (!ArrayBuffer.isView(value)) {
        record.controller.abort();
        reqivo.fail(record, new TypeError('a chunk is no Uint8Array'));
      } else {
        // HEAPU8 is looked up only then: memory may have grown.
        reqivo.deliver(record, value.length, (pointer) => HEAPU8.set(value, pointer), _reqivo_fetch_chunk);
      }
    },

    // Chromium hands over a fast stream in micro-tasks, one after another: the page could not draw,
    // and nothing else would have its turn, until its end. A few chunks need no such turn, which
    // is a message to the page itself.
    read(record) {
#if ENVIRONMENT_MAY_BE_NODE
      if (reqivo.isNode()) record.reads = 0; // its streams come from sockets
#endif
      if (++record.reads > 8) {
        const now = performance.now();
        if (now - (record.since ||= now) > 16) {
          record.since = 0;
          reqivo.postTask(() => record.operation && reqivo.read(record));
          return;
        }
      }
      record.reader.read().then(
        (result) => reqivo.takeChunk(record, result),
        (error) => reqivo.fail(record, error));
    },
  },

  // ---- the event loop

  reqivo_wake_soon__deps: ['$reqivo'],
  reqivo_wake_soon: () => queueMicrotask(reqivo.turn),

  reqivo_wake_later__deps: ['$reqivo'],
  reqivo_wake_later: () => reqivo.postTask(reqivo.turnForTimer),

  reqivo_set_timer__deps: ['$reqivo'],
  reqivo_set_timer: (milliseconds) => {
    clearTimeout(reqivo.timer);
    reqivo.timer = setTimeout(reqivo.turnForTimer, milliseconds);
#if ENVIRONMENT_MAY_BE_NODE
    if (reqivo.ended) reqivo.timer['unref']();
#endif
  },

  reqivo_clear_timer__deps: ['$reqivo'],
  reqivo_clear_timer: () => clearTimeout(reqivo.timer),

#if ASYNCIFY == 1
  reqivo_can_suspend: () => 1,
  reqivo_suspend__deps: ['$reqivo', '$Asyncify', '$reqivoFlushOnExit'],
  reqivo_suspend__async: true,
  reqivo_suspend: () => Asyncify.handleAsync(() => new Promise((resolve) => {
#if ENVIRONMENT_MAY_BE_NODE
    if (reqivo.isNode()) {
      reqivoFlushOnExit();
      reqivo.keepProcess();
    }
#endif
    reqivo.resume = () => {
      reqivo.resume = null;
      resolve();
#if ENVIRONMENT_MAY_BE_NODE
      // When `main` has returned, or is suspended again.
      if (reqivo.programIsOver) {
        setImmediate(() => {
          process.exitCode = reqivo.exitCode; // Emscripten has set another as `main` was suspended
          reqivo.letProcessEnd();
        });
      }
#endif
    };
  })),
#else
  reqivo_can_suspend: () => 0,
  reqivo_suspend: () => abort('reqivo_suspend in a build that cannot suspend'),
#endif

  // ---- the platform

#if ENVIRONMENT_MAY_BE_NODE
  reqivo_detect_platform__deps: ['$reqivo', 'reqivo_provide_node'],
  reqivo_detect_platform: () => {
    if (reqivo.isNode()) _reqivo_provide_node();
  },
#else
  reqivo_detect_platform: () => {},
#endif

  reqivo_keeps_user_agent: () =>
    (typeof navigator == 'object' && /Chrome\//.test(navigator.userAgent) ? 1 : 0),

#if ENVIRONMENT_MAY_BE_NODE && !EXIT_RUNTIME
  // Emscripten forgets a last line that no LF ends unless the runtime exits.
#if SYSCALLS_REQUIRE_FILESYSTEM
  $reqivoFlush__deps: ['fflush', '$FS'],
#else
  $reqivoFlush__deps: ['fflush', '$flush_NO_FILESYSTEM'],
#endif
  $reqivoFlush: () => {
    if (ABORT) return;
    _fflush(0);
#if SYSCALLS_REQUIRE_FILESYSTEM
    FS.streams.forEach((stream) => stream?.tty?.ops.fsync(stream.tty));
#else
    flush_NO_FILESYSTEM();
#endif
  },
  // Once per module, which the process holds on to until then.
  $reqivoFlushOnExit__deps: ['$reqivoFlush'],
  $reqivoFlushOnExit: () => {
    process['off']('exit', reqivoFlush);
    process.once('exit', reqivoFlush);
  },
  $reqivoFlushNow__deps: ['$reqivoFlush'],
  $reqivoFlushNow: () => {
    process['off']('exit', reqivoFlush);
    reqivoFlush();
  },
#else
  $reqivoFlushOnExit: () => {},
  $reqivoFlushNow: () => {},
#endif

  reqivo_program_began__deps: ['$reqivo', '$reqivoFlushOnExit', '$runtimeKeepalivePush', 'reqivo_program_stuck'],
  reqivo_program_began: () => {
    {{{ runtimeKeepalivePush() }}}
#if ENVIRONMENT_MAY_BE_NODE
    if (reqivo.isNode()) {
      reqivoFlushOnExit();
      reqivo.programIsOver = false;
      reqivo.keepProcess();
      reqivo.programStuck = () => reqivo.enter(_reqivo_program_stuck);
      process.once('beforeExit', reqivo.programStuck);
    }
#endif
  },

  reqivo_program_ended__deps: ['$reqivo', '$reqivoFlushNow', '$runtimeKeepalivePop', 'reqivo_fetch_release'],
  reqivo_program_ended: (exitCode) => {
    {{{ runtimeKeepalivePop() }}}
#if ENVIRONMENT_MAY_BE_NODE
    if (reqivo.isNode()) {
      process['off']('beforeExit', reqivo.programStuck);
      reqivoFlushNow();
      reqivo.programIsOver = true;
      reqivo.exitCode = process.exitCode = exitCode;
      reqivo.letProcessEnd();
    }
#endif
    return {{{ EXIT_RUNTIME ? 1 : 0 }}};
  },

  reqivo_set_exit_code__deps: ['$reqivo', '$reqivoFlushOnExit', 'reqivo_fetch_release'],
  reqivo_set_exit_code: (exitCode) => {
    EXITSTATUS = exitCode;
#if ENVIRONMENT_MAY_BE_NODE
    if (reqivo.isNode()) {
      reqivoFlushOnExit();
      process.exitCode = exitCode;
      reqivo.programIsOver = true;
      reqivo.exitCode = exitCode;
      setImmediate(reqivo.letProcessEnd);
    }
#endif
  },

  // ---- fetch

  reqivo_fetch_start__deps: ['$reqivo'],
  reqivo_fetch_start: (operation, head, headSize, body, bodySize) =>
    reqivo.start({ operation }, head, headSize,
      () => (body ? { 'body': reqivo.bytes(body, bodySize) } : {})),

  reqivo_fetch_read__deps: ['$reqivo'],
  reqivo_fetch_read: (handle) => reqivo.order(reqivo.records.get(handle), reqivo.read),

  reqivo_fetch_release__deps: ['$reqivo'],
  reqivo_fetch_release: (handle) => {
    const record = reqivo.records.get(handle);
    if (!record) return;
    reqivo.records.delete(handle);
    record.operation = 0;
    record.controller?.abort();
  },

  // ---- URLs

  reqivo_url_parse__deps: ['$reqivo', 'reqivo_allocate_text'],
  reqivo_url_parse: (input, inputSize, base, baseSize) => {
    const decoder = new TextDecoder('utf-8', { 'ignoreBOM': true });
    const text = (pointer, size) => decoder.decode(reqivo.bytes(pointer, size));
    let url;
    try {
      url = new URL(text(input, inputSize), baseSize ? text(base, baseSize) : undefined);
    } catch {
      return 0;
    }
    reqivo.encodeBytes(url.href, _reqivo_allocate_text(url.href.length));  // ASCII
    return 1;
  },
});
