// node --test http2_uploads.test.mjs: bodies that Chromium streams, which it does over HTTP/2 alone.
// REQIVO_WASM_PROGRAMS names the folder of the programs.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { makeCertificates } from '../server/certificates.mjs';
import { launch } from './browsers.mjs';

const folder = path.resolve(process.env.REQIVO_WASM_PROGRAMS);
const types = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
const page = '<!doctype html><link rel=icon href="data:,"><script src="program_streamed.js"></script>';

const certificates = mkdtempSync(path.join(tmpdir(), 'reqivo-http2-'));
let server;
let browser;
let tab;
const problems = [];
const uploads = []; // what became of each

// How the body of an upload ended, and after how many bytes.
function receive(stream) {
  let bytes = 0;
  let whole = false;
  stream.on('error', () => {});
  stream.on('data', (chunk) => { bytes += chunk.length; });
  stream.on('end', () => {
    whole = stream.rstCode === http2.constants.NGHTTP2_NO_ERROR && !stream.aborted;
    if (whole && !stream.closed) {
      stream.respond({ ':status': 200 });
      stream.end(String(bytes));
    }
  });
  stream.on('close', () => uploads.push({ whole, bytes }));
}

function answer(stream, headers) {
  const name = headers[':path'];
  if (name === '/upload') return receive(stream);
  if (name === '/refuse') {
    stream.on('error', () => {});
    stream.on('close', () => uploads.push({ whole: false }));
    stream.respond({ ':status': 413 });
    return stream.end('too large');
  }
  const content = name === '/' ? page : readFileSync(path.join(folder, path.basename(name)));
  stream.respond({ ':status': 200, 'content-type': types[path.extname(name) || '.html'] });
  return stream.end(content);
}

before(async () => {
  const { good } = await makeCertificates(certificates);
  server = http2.createSecureServer(good);
  server.on('stream', answer);
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  browser = await launch('chromium', { acceptInsecureCerts: true });
  tab = await browser.browser.newPage();
  tab.on('pageerror', (error) => problems.push(error.message));
  await tab.goto(`https://localhost:${server.address().port}/`);
  await tab.evaluate(async () => { globalThis.program = await globalThis.Module(); });
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  server?.close();
  rmSync(certificates, { recursive: true });
});

// What the upload gives its caller and what the server saw of it.
async function upload(name, count, { pause = 0, failsAt = -1, total = 0, abortAfter = 0 } = {}) {
  const seen = uploads.length;
  const result = await tab.evaluate(async (limit, at, ...words) => {
    const controller = new AbortController();
    if (limit) setTimeout(() => controller.abort(), limit);
    return globalThis.program.upload(location.origin + at, ...words, controller.signal)
      .catch((error) => error.code ?? error.name);
  }, abortAfter, name, count, pause, failsAt, total);
  const late = Date.now() + 10_000;
  while (uploads.length === seen && Date.now() < late) await new Promise((done) => setTimeout(done, 20));
  return { result, ...uploads[seen] };
}

const abortError = 20; // DOMException.ABORT_ERR

test('a streamed body arrives whole', async () => {
  assert.deepEqual(await upload('/upload', 50), { result: '200 50000', whole: true, bytes: 50_000 });
  assert.deepEqual(await upload('/upload', 0), { result: '200 0', whole: true, bytes: 0 });
});

test('a body that is cut short never looks whole to the server', async () => {
  const cut = async (words) => {
    const { result, whole } = await upload('/upload', 20, words);
    return { result, whole };
  };
  for (const abortAfter of [1, 100, 250]) {
    assert.deepEqual(await cut({ pause: 50, abortAfter }), { result: abortError, whole: false });
  }
  assert.deepEqual(await cut({ pause: 50, total: 170 }), { result: 'total_timeout', whole: false });
  assert.deepEqual(await cut({ failsAt: 0 }), { result: 'other', whole: false });
  assert.deepEqual(await cut({ pause: 30, failsAt: 3 }), { result: 'other', whole: false });
});

test('an answer that refuses the body ends it', async () => {
  const { result } = await upload('/refuse', 1000, { pause: 5 });
  assert.equal(result, '413 too large');
});

test('nothing of this is an error of the page', () => {
  assert.deepEqual(problems, []);
});
