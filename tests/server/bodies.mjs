// Endpoints about the body itself: sizes, streams, ranges, codings, charsets, uploads.

import { createHash, randomInt } from 'node:crypto';
import { pipeline } from 'node:stream/promises';

import { bomb, charsetTexts, encodeStack } from './encodings.mjs';
import { groupPairs, parseInteger, Problem } from './exchange.mjs';

const binary = { 'Content-Type': 'application/octet-stream' };
const bytesLimit = 100 * 1024 * 1024;
const bigLimit = 4 * 1024 ** 3;
const zeros = Buffer.alloc(256 * 1024);

// Byte i is the top byte of x[i], x[i] = x[i-1] * 1664525 + 1013904223 mod 2^32, x[-1] = seed.
// Tests compute the same bytes.
function seededBytes(count, seed) {
  const bytes = Buffer.allocUnsafe(count);
  let state = seed >>> 0;
  for (let index = 0; index < count; ++index) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

function wantedBytes(exchange, count) {
  const seed = exchange.query.get('seed');
  return seededBytes(parseInteger(count, bytesLimit),
    seed === null ? randomInt(2 ** 32) : parseInteger(seed, 2 ** 32 - 1));
}

function* slices(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function chunkSize(exchange) {
  return exchange.integer('chunk_size', 10240, bytesLimit, 1);
}

function* zeroPieces(count) {
  for (let left = count; left > 0; left -= zeros.length) {
    yield left >= zeros.length ? zeros : zeros.subarray(0, left);
  }
}

function streamLines(exchange, { count }) {
  const lines = parseInteger(count, 100000);
  const shown = { args: groupPairs(exchange.query), headers: exchange.headers(),
    origin: exchange.clientAddress, url: exchange.url };
  return exchange.stream(200, { 'Content-Type': 'application/json' }, (function* makeLines() {
    for (let id = 0; id < lines; ++id) yield `${JSON.stringify({ ...shown, id })}\n`;
  })());
}

async function drip(exchange) {
  const count = exchange.integer('numbytes', 10, 10 * 1024 * 1024);
  const pause = count === 0 ? 0 : (exchange.number('duration', 2, 600) * 1000) / count;
  const status = exchange.integer('code', 200, 999, 200);
  if (!await exchange.sleep(exchange.number('delay', 0, 600) * 1000)) return;
  await exchange.stream(status, { ...binary, 'Content-Length': count },
    (async function* makeDrops() {
      exchange.response.flushHeaders();
      for (let index = 0; index < count; ++index) {
        yield '*';
        if (!await exchange.sleep(pause)) return;
      }
    })());
}

// The asked range as [first, last], null without a (usable) Range header, undefined when it
// cannot be satisfied. Only one range is served.
function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return null;
  const first = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const last = match[1] === '' || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  return first > last ? undefined : [first, last];
}

function range(exchange, { count }) {
  const size = parseInteger(count, bytesLimit);
  const headers = { ...binary, 'Accept-Ranges': 'bytes', ETag: `"range${size}"` };
  const asked = parseRange(exchange.request.headers.range, size);
  if (asked === undefined) {
    exchange.send(416, { ...headers, 'Content-Range': `bytes */${size}` });
    return;
  }
  const alphabet = 'abcdefghijklmnopqrstuvwxyz';
  const [first, last] = asked ?? [0, size - 1];
  const body = Buffer.alloc(last - first + 1, alphabet.slice(first % 26) + alphabet
    .slice(0, first % 26));
  if (asked !== null) headers['Content-Range'] = `bytes ${first}-${last}/${size}`;
  exchange.send(asked === null ? 200 : 206, headers, body);
}

async function codedJson(exchange, coding, flag) {
  const shown = { [flag]: true, headers: exchange.headers(), method: exchange.request.method,
    origin: exchange.clientAddress };
  const { encoded, contentEncoding } =
    await encodeStack([coding], Buffer.from(`${JSON.stringify(shown, null, 2)}\n`));
  exchange.send(200,
    { 'Content-Type': 'application/json', 'Content-Encoding': contentEncoding }, encoded);
}

// ?coding=a,b&body=TEXT or size=N: applied left to right. truncate=K cuts the last K coded bytes,
// corrupt=I inverts coded byte I, extra=TEXT is appended after the coded bytes, label=VALUE
// replaces the Content-Encoding value, chunked=N sends in chunks of N bytes.
async function encoded(exchange) {
  const { query } = exchange;
  const size = exchange.integer('size', null, bytesLimit);
  const plain = size === null ? Buffer.from(query.get('body') ?? '') : seededBytes(size, 1);
  const names = (query.get('coding') ?? 'gzip').split(',').map((name) => name.trim());
  const result = await encodeStack(names, plain);
  const bytes = Buffer.concat([result.encoded, Buffer.from(query.get('extra') ?? '')]);
  const kept = bytes.subarray(0, Math.max(0, bytes.length - exchange.integer('truncate', 0)));
  const corrupt = exchange.integer('corrupt', null);
  if (corrupt !== null && corrupt < kept.length) kept[corrupt] ^= 0xff;
  const headers = { 'Content-Type': 'text/plain; charset=utf-8',
    'Content-Encoding': query.get('label') ?? result.contentEncoding };
  const step = exchange.integer('chunked', 0);
  if (step > 0) {
    await exchange.stream(200, headers, slices(kept, step));
  } else {
    exchange.send(200, headers, kept);
  }
}

async function sendBomb(exchange) {
  const coding = exchange.query.get('coding') ?? 'gzip';
  const bytes = await bomb(coding, exchange.integer('mib', 100, 4096));
  await exchange.stream(200, { ...binary, 'Content-Encoding': coding,
    'Content-Length': bytes.length }, slices(bytes, 16384));
}

function text(exchange, { charset }) {
  const name = charset.toLowerCase();
  if (!Object.hasOwn(charsetTexts, name)) throw new Problem(404, `no text in ${charset}`);
  const found = charsetTexts[name];
  const parameter = found.charset === null ? '' : `; charset=${found.charset}`;
  exchange.send(200, { 'Content-Type': `text/plain${parameter}` }, found.bytes);
}

// Counts and hashes a body of any size. pause=MS waits before reading, stall=1 hardly reads,
// reject=STATUS answers at once, before the body has come; the rest of the body is then discarded,
// or with close=1 the connection is closed under it. head=1 answers with the head at once, and with
// the rest once the body has come; echo=1 with the body itself, as it comes.
async function upload(exchange) {
  const { request, query } = exchange;
  if (query.has('reject')) {
    exchange.json({ error: 'rejected' }, exchange.integer('reject', 413, 599, 200),
      query.has('close') ? { Connection: 'close' } : {});
    return;
  }
  if (query.has('stall')) {
    // Node does not notice a client that leaves while nothing is read: a sip now and then is enough.
    const sipping = setInterval(() => request.read(), 50);
    await exchange.untilGone();
    clearInterval(sipping);
    return;
  }
  if (!await exchange.sleep(exchange.number('pause', 0, 600000))) return;
  if (query.has('echo')) {
    exchange.head(200, binary);
    exchange.response.flushHeaders();
    await pipeline(request, exchange.response).catch(() => {}); // the client may leave
    return;
  }
  if (query.has('head')) {
    exchange.head(200, { 'Content-Type': 'application/json' });
    exchange.response.flushHeaders();
  }
  const hash = createHash('sha256');
  let bytes = 0;
  let chunks = 0;
  for await (const part of request) {
    hash.update(part);
    bytes += part.length;
    chunks += 1;
  }
  let framing = 'none';
  if (request.headers['transfer-encoding'] !== undefined) framing = 'chunked';
  else if (request.headers['content-length'] !== undefined) framing = 'content-length';
  const seen = { bytes, sha256: hash.digest('hex'), chunks, framing };
  if (query.has('head')) exchange.response.end(JSON.stringify(seen));
  else exchange.json(seen);
}

export const bodyRoutes = [
  ['GET', '/bytes/:count', (exchange, { count }) =>
    exchange.send(200, binary, wantedBytes(exchange, count))],
  ['GET', '/stream-bytes/:count', (exchange, { count }) =>
    exchange.stream(200, binary, slices(wantedBytes(exchange, count), chunkSize(exchange)))],
  ['GET', '/stream/:count', streamLines],
  ['GET', '/drip', drip],
  ['GET', '/range/:count', range],
  ['GET', '/gzip', (exchange) => codedJson(exchange, 'gzip', 'gzipped')],
  ['GET', '/deflate', (exchange) => codedJson(exchange, 'deflate', 'deflated')],
  ['GET', '/deflate-raw', (exchange) => codedJson(exchange, 'deflate-raw', 'deflated')],
  ['GET', '/brotli', (exchange) => codedJson(exchange, 'br', 'brotli')],
  ['GET', '/zstd', (exchange) => codedJson(exchange, 'zstd', 'zstd')],
  ['GET', '/encoded', encoded],
  ['GET', '/bomb', sendBomb],
  ['GET', '/text/:charset', text],
  ['GET', '/big/:count', (exchange, { count }) => {
    const size = parseInteger(count, bigLimit);
    return exchange.stream(200, { ...binary, 'Content-Length': size }, zeroPieces(size));
  }],
  ['GET', '/big-chunked/:count', (exchange, { count }) =>
    exchange.stream(200, binary, zeroPieces(parseInteger(count, bigLimit)))],
  ['POST PUT PATCH', '/upload', upload],
];
