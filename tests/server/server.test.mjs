// The well-behaved half of the server: start and stop, httpbin's endpoints, bodies, redirects.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';

import { exchangeBytes, getJson, getRequest, mainFile, startServer } from './harness.mjs';

let server;
before(async () => { server = await startServer(); });
after(async () => { assert.equal(await server.stop(), 0); });

function runMain(words, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [mainFile, ...words],
      { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    let errors = '';
    child.stdout.on('data', (part) => { output += part; });
    child.stderr.on('data', (part) => { errors += part; });
    child.on('close', (code) => resolve({ code, output, errors }));
  });
}

test('the key files are private and go away with the server', async () => {
  const other = await startServer();
  assert.equal(statSync(other.client_key_file).mode & 0o777, 0o600);
  assert.ok(existsSync(other.ca_file));
  assert.equal(await other.stop(), 0);
  assert.ok(!existsSync(other.ca_file));
});

test('a termination signal ends it in order', async () => {
  const other = await startServer();
  other.child.kill('SIGTERM');
  assert.equal(await other.stop(), 0);
  assert.ok(!existsSync(other.ca_file));
});

test('--run gives the command the server and takes its exit code', async () => {
  const script = 'const ready = JSON.parse(process.env.REQIVO_TEST_SERVER);'
    + 'const response = await fetch(process.env.REQIVO_SERVER_URL + "/uuid");'
    + 'console.log(response.status, ready.http === process.env.REQIVO_SERVER_URL);'
    + 'process.exit(7);';
  const result = await runMain(['--run', process.execPath, '--input-type=module', '-e', script]);
  assert.deepEqual([result.code, result.output], [7, '200 true\n']);
});

test('--run says so when there is no such command', async () => {
  assert.equal((await runMain(['--run', '/nonexistent/command'])).code, 127);
});

test('its own error ends it and its command, with a failure', { timeout: 20000 }, async () => {
  const defect = encodeURIComponent('process.on("SIGUSR2", () => { throw Error("planned"); })');
  const command = 'process.kill(process.ppid, "SIGUSR2"); setTimeout(() => {}, 60000);';
  const result = await runMain(['--run', process.execPath, '-e', command],
    { env: { ...process.env, NODE_OPTIONS: `--import=data:text/javascript,${defect}` } });
  assert.notEqual(result.code, 0);
  assert.match(result.errors, /Error: planned/);
});

test('an unknown option is refused', async () => {
  assert.equal((await runMain(['--nonsense'])).code, 2);
});

test('/get shows arguments, headers and URL', async () => {
  const shown = await getJson(`${server.http}/get?a=1&b=2&a=3&empty=`,
    { headers: { 'x-custom-field': 'yes' } });
  assert.deepEqual(shown.args, { a: ['1', '3'], b: '2', empty: '' });
  assert.equal(shown.headers['X-Custom-Field'], 'yes');
  assert.equal(shown.url, `${server.http}/get?a=1&b=2&a=3&empty=`);
  assert.equal(shown.origin, '127.0.0.1');
});

test('each verb has its endpoint, and the others are refused there', async () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    const url = `${server.http}/${method.toLowerCase()}`;
    assert.equal((await getJson(url, { method, body: 'text' })).data, 'text');
    assert.equal((await fetch(url)).status, 405);
  }
});

test('/anything echoes JSON, forms, files and bytes', async () => {
  const url = `${server.http}/anything/below`;
  const json = await getJson(url, { method: 'POST', body: '{"a":[1]}' });
  assert.deepEqual([json.json, json.method], [{ a: [1] }, 'POST']);
  const form = await getJson(url, { method: 'PUT', body: new URLSearchParams('a=1&a=2&b=%C3%BC') });
  assert.deepEqual(form.form, { a: ['1', '2'], b: 'ü' });
  const parts = new FormData();
  parts.set('field', 'value');
  parts.set('file', new Blob(['content']), 'name.txt');
  const multipart = await getJson(url, { method: 'POST', body: parts });
  assert.deepEqual([multipart.form, multipart.files], [{ field: 'value' }, { file: 'content' }]);
  const bytes = await getJson(url, { method: 'POST', body: new Uint8Array([255, 0]) });
  assert.equal(bytes.data, 'data:application/octet-stream;base64,/wA=');
});

test('/raw-headers keeps spelling, order and repetition', async () => {
  const { text } = await exchangeBytes(server.http,
    getRequest('/raw-headers', 'x-B: 1\r\nX-a: 2\r\nx-B: 3\r\nConnection: close\r\n'));
  assert.deepEqual(JSON.parse(text.slice(text.indexOf('{'))).headers.slice(1, 4),
    [['x-B', '1'], ['X-a', '2'], ['x-B', '3']]);
});

test('/status answers any final status and refuses others', async () => {
  for (const code of [200, 204, 404, 418, 503, 599]) {
    assert.equal((await fetch(`${server.http}/status/${code}`)).status, code);
  }
  const moved = await fetch(`${server.http}/status/307`, { redirect: 'manual' });
  assert.deepEqual([moved.status, moved.headers.get('location')], [307, '/redirect/1']);
  for (const code of ['100', '1000', 'x']) {
    assert.equal((await fetch(`${server.http}/status/${code}`)).status, 400);
  }
});

test('/delay waits as long as it is told', async () => {
  const begin = performance.now();
  assert.equal((await fetch(`${server.http}/delay/0.2`)).status, 200);
  assert.ok(performance.now() - begin >= 195);
});

test('sizes are exact, and a seed gives the documented bytes', async () => {
  const read = async (path) =>
    new Uint8Array(await (await fetch(server.http + path)).arrayBuffer());
  const seeded = await read('/bytes/1000?seed=5');
  assert.deepEqual([...seeded.subarray(0, 4)], [...Array(4).keys()].map(((state) => () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  })(5)));
  assert.deepEqual(await read('/stream-bytes/1000?seed=5&chunk_size=7'), seeded);
  assert.equal((await read('/big/1000001')).length, 1000001);
  assert.equal((await read('/big-chunked/300000')).length, 300000);
  assert.equal((await read('/drip?numbytes=5&duration=0.05')).length, 5);
});

test('/stream sends one JSON document a line', async () => {
  const lines = (await (await fetch(`${server.http}/stream/3`)).text()).trimEnd().split('\n');
  assert.deepEqual(lines.map((line) => JSON.parse(line).id), [0, 1, 2]);
});

test('/range serves whole, part, suffix and refuses the rest', async () => {
  const ask = (range) => fetch(`${server.http}/range/30`, { headers: range ? { range } : {} });
  assert.equal(await (await ask()).text(), 'abcdefghijklmnopqrstuvwxyzabcd');
  const part = await ask('bytes=24-27');
  assert.deepEqual([part.status, await part.text(), part.headers.get('content-range')],
    [206, 'yzab', 'bytes 24-27/30']);
  assert.equal(await (await ask('bytes=-2')).text(), 'cd');
  assert.equal((await ask('bytes=30-')).status, 416);
});

test('codings decode to what was asked', async () => {
  for (const [path, flag] of [['gzip', 'gzipped'], ['deflate', 'deflated'], ['brotli', 'brotli']]) {
    assert.equal((await getJson(`${server.http}/${path}`))[flag], true);
  }
  const stacked = await fetch(`${server.http}/encoded?coding=gzip,br&body=twice`);
  assert.equal(stacked.headers.get('content-encoding'), 'gzip, br');
  assert.equal(await stacked.text(), 'twice');
  const raw = await fetch(`${server.http}/encoded?coding=deflate-raw&body=raw&label=identity`);
  assert.equal(zlib.inflateRawSync(Buffer.from(await raw.arrayBuffer())).toString(), 'raw');
  for (const damage of ['truncate=4', 'corrupt=20', 'extra=more']) {
    const response = await fetch(
      `${server.http}/encoded?coding=gzip&size=1000&label=identity&${damage}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.throws(() => zlib.gunzipSync(bytes), damage);
  }
  const zstd = await fetch(`${server.http}/encoded?coding=zstd&body=z&label=identity`);
  if (zstd.status !== 501) {
    assert.equal(Buffer.from(await zstd.arrayBuffer()).readUInt32LE(), 0xfd2fb528);
  }
});

test('/bomb is small on the wire and large behind it', async () => {
  const response = await fetch(`${server.http}/bomb?mib=3`);
  assert.ok(Number(response.headers.get('content-length')) < 10000);
  assert.equal((await response.arrayBuffer()).byteLength, 3 * 1024 * 1024);
});

test('/text is in the charset that it names', async () => {
  const texts = { 'utf-8': 'Grüße, 世界 €', 'iso-8859-1': 'Grüße', 'windows-1252': 'Grüße, €',
    'utf-16le': 'Grüße, 世界 €', 'utf-16be': 'Grüße, 世界 €', 'utf-16': 'Grüße, 世界 €' };
  for (const [charset, text] of Object.entries(texts)) {
    const response = await fetch(`${server.http}/text/${charset}`);
    assert.equal(response.headers.get('content-type'), `text/plain; charset=${charset}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    // Node 20 decodes windows-1252 as Latin-1, so its one other letter is looked at as a byte.
    if (charset === 'windows-1252') assert.equal(bytes.toString('latin1'), 'Grüße, \x80');
    else assert.equal(new TextDecoder(charset).decode(bytes), text);
  }
});

test('/upload counts and hashes what arrives, in either framing', async () => {
  const body = Buffer.alloc(3000000, 'abc');
  const sha256 = createHash('sha256').update(body).digest('hex');
  const sized = await getJson(`${server.http}/upload`, { method: 'POST', body });
  assert.deepEqual([sized.bytes, sized.sha256, sized.framing],
    [body.length, sha256, 'content-length']);
  const chunked = await getJson(`${server.http}/upload`,
    { method: 'PUT', body: new Blob([body]).stream(), duplex: 'half' });
  assert.deepEqual([chunked.bytes, chunked.sha256, chunked.framing],
    [body.length, sha256, 'chunked']);
});

test('an upload can be answered before it has come', async () => {
  const { text } = await exchangeBytes(server.http,
    'POST /upload?reject=413&close HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nshort');
  assert.match(text, /^HTTP\/1.1 413 /);
  const kept = await exchangeBytes(server.http, 'POST /upload?reject=413 HTTP/1.1\r\nHost: x\r\n'
    + `Content-Length: 4\r\n\r\nrest${getRequest('/get', 'Connection: close\r\n')}`);
  assert.match(kept.text, /^HTTP\/1.1 413 [^]*HTTP\/1.1 200 /);
});

test('redirects lead where httpbin leads', async () => {
  for (const path of ['/redirect/3', '/relative-redirect/2', '/absolute-redirect/2']) {
    assert.equal((await fetch(server.http + path)).url, `${server.http}/get`);
  }
  const ask = (path) => fetch(server.http + path, { redirect: 'manual' });
  const to = await ask('/redirect-to?url=/a%20b/%C3%BC&status_code=308');
  assert.deepEqual([to.status, to.headers.get('location')], [308, '/a b/%C3%BC']);
  assert.equal((await ask('/redirect-status/303?to=/uuid')).headers.get('location'), '/uuid');
  assert.equal((await ask('/redirect-cross?to=/ip')).headers.get('location'),
    `${server.other_origin}/ip`);
  assert.equal((await ask('/redirect-status/200')).status, 400);
  await assert.rejects(fetch(`${server.http}/redirect-loop`));
  await assert.rejects(fetch(`${server.http}/redirect-ring/a`));
});

test('cookies are set, shown and deleted', async () => {
  const set = await fetch(`${server.http}/cookies/set?a=1&b=2`, { redirect: 'manual' });
  assert.deepEqual(set.headers.getSetCookie(), ['a=1; Path=/', 'b=2; Path=/']);
  const shown = await getJson(`${server.http}/cookies`, { headers: { cookie: 'a=1; b=x=y' } });
  assert.deepEqual(shown.cookies, { a: '1', b: 'x=y' });
  const deleted = await fetch(`${server.http}/cookies/delete?a`, { redirect: 'manual' });
  assert.match(deleted.headers.get('set-cookie'), /^a=; .*Max-Age=0/);
  assert.equal((await fetch(`${server.http}/set-cookie-many`)).headers.getSetCookie().length, 4);
});

test('credentials are checked', async () => {
  const ask = async (path, authorization) =>
    (await fetch(server.http + path, { headers: authorization ? { authorization } : {} })).status;
  const good = `Basic ${Buffer.from('user:pass:word').toString('base64')}`;
  assert.equal(await ask('/basic-auth/user/pass%3Aword', good), 200);
  assert.equal(await ask('/basic-auth/user/other', good), 401);
  assert.equal(await ask('/basic-auth/user/other'), 401);
  assert.equal(await ask('/hidden-basic-auth/user/other', good), 404);
  assert.equal(await ask('/bearer', 'Bearer abc'), 200);
  assert.equal(await ask('/bearer'), 401);
});

test('caching endpoints answer conditions', async () => {
  const ask = async (path, headers) => (await fetch(server.http + path, { headers })).status;
  assert.equal(await ask('/cache', {}), 200);
  assert.equal(await ask('/cache', { 'if-none-match': '"x"' }), 304);
  assert.equal(await ask('/etag/abc', { 'if-none-match': '"x", W/"abc"' }), 304);
  assert.equal(await ask('/etag/abc', { 'if-match': '"x"' }), 412);
  assert.equal(await ask('/etag/abc', { 'if-match': '*' }), 200);
});

test('/response-headers keeps repeated ones apart and refuses what is no header', async () => {
  const { text } = await exchangeBytes(server.http,
    getRequest('/response-headers?X-A=1&X-A=2', 'Connection: close\r\n'));
  assert.match(text, /X-A: 1\r\nX-A: 2\r\n/);
  for (const bad of ['a=b%0d%0ac:d', 'a%20b=c', 'Trailer=x']) {
    assert.equal((await fetch(`${server.http}/response-headers?${bad}`)).status, 400);
  }
});

test('parameters out of range are refused, not obeyed and not fatal', async () => {
  const paths = ['/bytes/-1', '/bytes/1e3', '/bytes/1.5', '/bytes/999999999999', '/stream/x',
    '/bytes/5?seed=x', '/stream-bytes/5?chunk_size=0', '/drip?code=100', '/drip?numbytes=0.5',
    '/redirect/0', '/redirect-to', '/redirect-to?url=/get&status_code=200', '/encoded?coding=none',
    '/encoded?coding=constructor', '/bomb?coding=zip', '/reset?how=gently', '/big/4294967297',
    '/stall-body?bytes=1.5', '/cookies/set/a%0d/b', '/anything%zz', '/etag/%zz', '/idle-close/x',
    '/control/wait-closed', '/tls'];
  for (const path of paths) {
    const { status } = await fetch(server.http + path);
    // A malformed escape in a path without parameters is only a path that does not exist.
    assert.equal(status, path === '/anything%zz' ? 404 : 400, path);
  }
});

test('CORS: origins are echoed, headers exposed, preflights allowed', async () => {
  const shown = await fetch(`${server.http}/etag/x`, { headers: { origin: 'http://page.test' } });
  assert.equal(shown.headers.get('access-control-allow-origin'), 'http://page.test');
  assert.match(shown.headers.get('access-control-expose-headers'), /ETag/);
  const { text } = await exchangeBytes(server.http, 'OPTIONS /put HTTP/1.1\r\nHost: x\r\n'
    + 'Origin: http://page.test\r\nAccess-Control-Request-Method: PUT\r\n'
    + 'Access-Control-Request-Headers: x-one,x-two\r\nConnection: close\r\n\r\n');
  assert.match(text, /^HTTP\/1.1 204 /);
  assert.match(text, /Allow-Methods: PUT\r\n/);
  assert.match(text, /Allow-Headers: x-one,x-two\r\n/);
});

test('HEAD has the head of GET and no body', async () => {
  for (const path of ['/get', '/big/1000', '/stream/3', '/trailers', '/drip?duration=0']) {
    const { text } = await exchangeBytes(server.http,
      `HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.match(text, /^HTTP\/1.1 200 [^]*\r\n\r\n$/);
    assert.equal(text.indexOf('\r\n\r\n'), text.length - 4);
  }
});
