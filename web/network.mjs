// What the page's own fetch sees of the requests that a pattern makes. It only looks on: the
// library gets the very promises and streams that the platform made.

let expecting = [];

// Called before a request is sent. Those of one task are sent in the same order before it ends, but
// for what was dropped meanwhile.
export function expectRequest(run) {
  if (expecting.length === 0) setTimeout(() => { expecting = []; });
  expecting.push(run);
}

function watchBody(body, request) {
  const getReader = body.getReader.bind(body);
  body.getReader = (...options) => {
    const reader = getReader(...options);
    const read = reader.read.bind(reader);
    reader.read = (...parameters) => {
      const piece = read(...parameters);
      piece.then(
        ({ done, value }) => (done ? request.end() : request.receive(value.length)),
        () => request.fail());
      return piece;
    };
    return reader;
  };
}

function watchRequest(answer, init, request) {
  init.signal.addEventListener('abort', () => request.abort(), { once: true });
  answer.then(
    (response) => {
      request.head(response.status);
      if (response.body) watchBody(response.body, request);
      else request.end();
    },
    () => request.fail());
}

export function watchFetch() {
  const original = globalThis.fetch;
  globalThis.fetch = (resource, init) => {
    const run = init?.signal ? expecting.shift() : undefined; // not for what the page itself loads
    const answer = original.call(globalThis, resource, init);
    if (run) watchRequest(answer, init, run.addRequest(init.method, resource));
    return answer;
  };
}
