// Those who are compared, behind one interface: get(url, requests, inFlight) and stream(url), which
// give a Promise of the number of body bytes. Runs in a page and in Node.

const settings = {cache: 'no-store', credentials: 'omit'};

const request = async (url, more) => {
  const response = await fetch(url, more === undefined ? settings : {...settings, ...more});
  if (!response.ok) throw new Error(`status ${response.status} for ${url}`);
  return response;
};

const readByReader = async (url) => {
  const response = await request(url);
  const reader = response.body.getReader();
  let bytes = 0;
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return bytes;
    bytes += value.length;
  }
};

const readWhole = async (url, more) => {
  const response = await request(url, more);
  return (await response.arrayBuffer()).byteLength;
};

const readWholeAbortable = (url) => readWhole(url, {signal: new AbortController().signal});

const inTurn = (read) => async (url, requests, inFlight) => {
  let remaining = requests;
  let bytes = 0;
  const work = async () => {
    while (remaining > 0) {
      --remaining;
      const size = await read(url);
      bytes += size;
    }
  };
  await Promise.all(Array.from({length: inFlight}, work));
  return bytes;
};

const loadModule = async (folder, name) => (await import(`${folder}/${name}.mjs`)).default();

const loadReqivo = async (folder) => {
  const module = await loadModule(folder, 'reqivo_client');
  return {name: 'reqivo', get: module.get, stream: module.stream, memory: module.memory_bytes};
};

const loadEmscripten = async (folder) => {
  const module = await loadModule(folder, 'emscripten_client');
  const promise = (start) => new Promise((resolve, reject) => { start(resolve, reject); });
  const get = (...words) => promise((...settle) => module.get(...words, ...settle));
  return {
    name: 'emscripten',
    // Requests that are not streamed go over XMLHttpRequest, which Node has not.
    get: typeof XMLHttpRequest === 'function' ? get : null,
    stream: (url) => promise((...settle) => module.stream(url, ...settle)),
    memory: module.memory_bytes,
  };
};

/** `folder`: the URL of the folder with the compiled modules. `get`, `stream`: null: it cannot. */
export const loadContenders = async (folder) => [
  {name: 'fetch', get: inTurn(readWhole), stream: null, memory: null},
  {name: 'fetch, abortable', get: inTurn(readWholeAbortable), stream: null, memory: null},
  {name: 'reader loop', get: inTurn(readByReader), stream: readByReader, memory: null},
  await loadReqivo(folder),
  await loadEmscripten(folder),
];
