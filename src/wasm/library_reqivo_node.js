// What is different with Node's fetch: its own time limits, bodies that it takes for whole, and
// digests of what a redirect leads to. See library_reqivo.js.

#if ENVIRONMENT_MAY_BE_NODE
addToLibrary({
  $reqivoNode: {
    // The program's limits are C++'s to keep; Node would end what waits for five minutes.
    patient: undefined,
    makePatient() {
      const takeSocket = reqivoNode.watchConnections();
      return {
        'dispatch': (options, handler) => {
          options['headersTimeout'] = options['bodyTimeout'] = 0;
          reqivoNode.refuseShortBody(handler, takeSocket);
          // undici 8, whose own is number 2 and speaks HTTP/2 as well, keeps this one to HTTP/1.1.
          return globalThis[Symbol.for('undici.globalDispatcher.1')]['dispatch'](options, handler);
        },
      };
    },
    // Gives a function that tells, while a handler hears of its end, what socket it had: only Node's
    // diagnostics know, and tell just before.
    watchConnections() {
      const sockets = new WeakMap();
      let socket;
      // Node has it from 20.16 on.
      const channels = process['getBuiltinModule']?.('node:diagnostics_channel');
      channels?.['subscribe']('undici:client:sendHeaders', (message) => {
        sockets.set(message['request'], message['socket']);
      });
      channels?.['subscribe']('undici:request:trailers', (message) => {
        socket = sockets.get(message['request']);
      });
      return () => {
        const taken = socket;
        socket = undefined;
        return taken;
      };
    },
    // Node takes a body for whole whose connection ends or fails, if that connection was not to be
    // kept.
    refuseShortBody(handler, takeSocket) {
      // undici 8 has new names for what a handler hears, and a controller before the rest of it.
      const controlled = !!handler['onResponseStart'];
      const [onHead, onEnd, onError] = controlled
        ? ['onResponseStart', 'onResponseEnd', 'onResponseError']
        : ['onHeaders', 'onComplete', 'onError'];
      const { [onHead]: takeHead, [onEnd]: complete } = handler;
      if (!takeHead || !complete) return; // another version of undici
      let head = [];
      handler[onHead] = (...values) => {
        head = values;
        return takeHead.apply(handler, values);
      };
      const isChunked = () => {
        // An object, or names and values in turn.
        const names = controlled ? Object.keys(head[2]) : head[1].filter((_, at) => at % 2 == 0);
        return names.some((name) => /^transfer-encoding$/i.test(name));
      };
      const failure = (socket) => {
        if (socket?.['errored']) return socket['errored'];
        if (!socket?.['readableEnded'] || !isChunked()) return undefined;
        return Object.assign(new Error('other side closed'), { 'code': 'UND_ERR_SOCKET' });
      };
      handler[onEnd] = (...values) => {
        const error = failure(takeSocket());
        if (!error) complete.apply(handler, values);
        else if (controlled) handler[onError](values[0], error);
        else handler[onError](error);
      };
    },

    // Redirects are ours to follow under Node: the digest is not theirs but that of what they lead to.
    async fetchChecked(url, { 'integrity': integrity, 'redirect': redirect, ...init }) {
      const response = await fetch(url, { ...init, 'redirect': 'manual' });
      const { status, statusText, headers, type, body } = response;
      const follows = redirect == 'follow' && [301, 302, 303, 307, 308].includes(status);
      if (follows && headers.has('location')) return response;
      const bytes = await response.blob();
      const copy = URL.createObjectURL(bytes);
      try {
        await fetch(copy, { 'integrity': integrity });
      } finally {
        URL.revokeObjectURL(copy);
      }
      // A Response of our own could not have every status and reason that a server may send.
      return { status, statusText, headers, type, body: body && bytes.stream() };
    },
  },
});
#endif
