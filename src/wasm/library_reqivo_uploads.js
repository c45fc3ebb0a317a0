// Requests with a streamed body; only programs that stream one link it. See library_reqivo.js.

addToLibrary({
  $reqivoUpload__deps: ['$reqivo', 'reqivo_fetch_wants_piece'],
  $reqivoUpload: {
    // The body of a request as a stream that C++ fills when it is pulled.
    stream(record) {
      const { controller: request } = record;
      const start = (controller) => {
        record.upload = { controller };
        // Chromium ends the body of a request that is aborted as if it were whole. Once fetch has
        // settled, a stream that fails rejects promises of its own.
        record.controller = {
          abort() {
            if (record.upload && !record.settled) controller.error(new Error('aborted'));
            else request.abort();
          },
        };
      };
      const pull = (controller) => new Promise((pulled) => {
        record.upload = { controller, pulled };
        // Streams may pull while fetch() is on the stack, and C++ below it.
        queueMicrotask(() => {
          if (record.operation) {
            reqivo.enter(() => _reqivo_fetch_wants_piece(record.feed));
          }
        });
      });
      // The platform wants no more, as a controller would throw at who gives it more.
      const cancel = () => { record.upload = undefined; };
      return new ReadableStream({ start, pull, cancel }, { highWaterMark: 0 });
    },

    // Whether a Request takes a stream for a body; Firefox takes its text "[object ReadableStream]".
    canStream: undefined,
    testStream() {
      let asked = false;
      const body = new ReadableStream();
      const init = { 'method': 'POST', 'body': body, get 'duplex'() { asked = true; return 'half'; } };
      const request = new Request('http://localhost/', init);
      return asked && !request.headers.has('Content-Type');
    },

    // Whether a request to this origin has gone over a version of HTTP above 1.1, as far as the page
    // may know.
    knowsMultiplexing(origin) {
      if (typeof performance != 'object' || !performance.getEntriesByType) return false;
      return ['navigation', 'resource'].some((type) => performance.getEntriesByType(type).some(
        (entry) => /^h[23]/.test(entry['nextHopProtocol'] ?? '') && entry.name.startsWith(origin + '/')));
    },
  },

  reqivo_can_stream_upload__deps: ['$reqivoUpload'],
  reqivo_can_stream_upload: () => {
    if (typeof Request != 'function' || typeof ReadableStream != 'function') return 0;
    return (reqivoUpload.canStream ??= reqivoUpload.testStream()) ? 1 : 0;
  },

  reqivo_can_stream_upload_to__deps: ['$reqivo', '$reqivoUpload', 'reqivo_can_stream_upload'],
  reqivo_can_stream_upload_to: (url, size) => {
    if (!_reqivo_can_stream_upload()) return 0;
#if ENVIRONMENT_MAY_BE_NODE
    if (reqivo.isNode()) return 1;
#endif
    return reqivoUpload.knowsMultiplexing(new URL(reqivo.decodeBytes(url, size)).origin) ? 1 : 0;
  },

  reqivo_fetch_start_streamed__deps: ['$reqivo', '$reqivoUpload'],
  reqivo_fetch_start_streamed: (operation, feed, head, headSize) => {
    const record = { operation, feed };
    return reqivo.start(record, head, headSize,
      () => ({ 'body': reqivoUpload.stream(record), 'duplex': 'half' }));
  },

  reqivo_fetch_send_piece__deps: ['$reqivo'],
  reqivo_fetch_send_piece: (handle, piece, size) => {
    const upload = reqivo.records.get(handle)?.upload;
    // `slice` by itself counts from the end where an address is above 2 GiB.
    upload?.controller.enqueue(HEAPU8.subarray(piece, piece + size).slice());
    upload?.pulled();
  },

  reqivo_fetch_end_upload__deps: ['$reqivo'],
  reqivo_fetch_end_upload: (handle) => {
    const record = reqivo.records.get(handle);
    const upload = record?.upload;
    if (!upload) return;
    record.upload = undefined;
    upload.controller.close();
    upload.pulled();
  },
});
