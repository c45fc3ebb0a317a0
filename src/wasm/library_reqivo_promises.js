// What reqivo/js.hpp needs: promises that C++ settles, and embind's exceptions. See library_reqivo.js.

addToLibrary({
  $reqivoPromises__postset:
    'reqivoPromises.records = new Map(); reqivoPromises.followers = new WeakMap();',
  $reqivoPromises__deps: [
    '$reqivo', '$Emval', '$runtimeKeepalivePush', '$runtimeKeepalivePop', 'reqivo_promise_abort',
#if ENVIRONMENT_MAY_BE_NODE
    'reqivo_fetch_release',
#endif
    'reqivo_promise_forget',
  ],
  $reqivoPromises: {
    records: null, // by handle
    followers: null, // by signal, which has one listener: Node warns of many
    lastHandle: 0,

    make(signal) {
      {{{ runtimeKeepalivePush() }}}
      reqivo.isAwaited = () => reqivoPromises.records.size > 0;
#if ENVIRONMENT_MAY_BE_NODE
      if (reqivo.ended) reqivo.keepProcess();
#endif
      const handle = ++reqivoPromises.lastHandle;
      const record = { settled: false };
      record.promise = new Promise((resolve, reject) => Object.assign(record, { resolve, reject }));
      reqivoPromises.records.set(handle, record);
      if (signal != null) reqivoPromises.follow(signal, handle, record);
      return handle;
    },
    follow(signal, handle, record) {
      const abortFor = (reason) => {
        if (record.settled) return;
        reqivoPromises.settle(handle, () => record.reject(reason));
        // The signal may be aborted by JavaScript that C++ called.
        queueMicrotask(() => {
          reqivoPromises.drop(handle);
          reqivo.enter(() => _reqivo_promise_abort(handle));
        });
      };
      if (typeof signal.aborted != 'boolean' || !signal.addEventListener) {
        abortFor(new TypeError('to_promise takes an AbortSignal'));
        return;
      }
      const abort = () => abortFor(signal.reason);
      if (signal.aborted) {
        abort();
        return;
      }
      let followers = reqivoPromises.followers.get(signal);
      if (!followers) {
        followers = new Set();
        reqivoPromises.followers.set(signal, followers);
        signal.addEventListener('abort', () => followers.forEach((follow) => follow()));
      }
      record.unfollow = () => followers.delete(abort);
      followers.add(abort);
    },
    settle(handle, how) {
      const record = reqivoPromises.records.get(handle);
      if (!record || record.settled) return;
      record.settled = true;
      record.unfollow?.();
      how(record);
    },
    // Whoever waits keeps the module from exiting with its program. Without a program JavaScript may
    // call again at any time.
    drop(handle) {
      // Not twice, where one job aborts it and wakes its task for the last time.
      if (!reqivoPromises.records.delete(handle)) return;
#if HAS_MAIN
      {{{ runtimeKeepalivePop() }}}
#endif
#if ENVIRONMENT_MAY_BE_NODE
      reqivo.letProcessEnd();
#endif
    },
    // The task that settles is still on the stack.
    forget(handle) {
      queueMicrotask(() => {
        reqivoPromises.drop(handle);
        callUserCallback(() => _reqivo_promise_forget(handle));
      });
    },
  },

  reqivo_promise_make__deps: ['$reqivoPromises', '$Emval'],
  reqivo_promise_make: (signal) => reqivoPromises.make(Emval.toValue(signal)),

  reqivo_promise_object__deps: ['$reqivoPromises', '$Emval'],
  reqivo_promise_object: (handle) => Emval.toHandle(reqivoPromises.records.get(handle).promise),

  reqivo_promise_settled__deps: ['$reqivoPromises'],
  reqivo_promise_settled: (handle) => (reqivoPromises.records.get(handle).settled ? 1 : 0),

  reqivo_promise_start__deps: ['$reqivoPromises', '$stackSave', '$stackRestore'],
  reqivo_promise_start: (handle, start, context) => {
    const stack = stackSave();
    try {
      {{{ makeDynCall('vp', 'start') }}}(context);
      return 1;
    } catch (error) {
      // An exception of C++ comes as a number, or as a CppException where it has a stack to show.
      const ofCpp = error === error + 0 || error?.excPtr !== undefined;
      if (ofCpp || error == 'unwind' || error instanceof ExitStatus) throw error;
      stackRestore(stack);
      reqivoPromises.settle(handle, (record) => record.reject(error));
      reqivoPromises.forget(handle);
      return 0;
    }
  },

  reqivo_promise_resolve__deps: ['$reqivoPromises', '$Emval'],
  reqivo_promise_resolve: (handle, value) => {
    const result = Emval.toValue(value);
    reqivoPromises.settle(handle, (record) => record.resolve(result));
    reqivoPromises.forget(handle);
  },

  reqivo_promise_reject__deps: ['$reqivoPromises'],
  reqivo_promise_reject: (handle, text, size, retryable) => {
    const lines = new TextDecoder().decode(reqivo.bytes(text, size)).split('\n');
    const [name, code, phase] = lines;
    const error = new Error(lines.slice(3).join('\n'));
    Object.assign(error, { 'name': name, 'code': code, 'phase': phase, 'retryable': !!retryable });
    reqivoPromises.settle(handle, (record) => record.reject(error));
    reqivoPromises.forget(handle);
  },

  // C++ does not see exceptions of JavaScript: one would leave its task where it was, for good.
  reqivo_embind__deps: ['$Emval'],
  reqivo_embind: (convert, context) => {
    try {
      {{{ makeDynCall('vp', 'convert') }}}(context);
      return 0;
    } catch (error) {
      if (error?.name != 'BindingError' && error?.name != 'UnboundTypeError') throw error;
      return Emval.toHandle(error.message);
    }
  },
});
