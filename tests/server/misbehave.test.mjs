// The badly behaved half of the server: broken connections, garbage, TLS variants, the ledger.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { after, before, test } from 'node:test';
import tls from 'node:tls';

import { exchangeBytes, getJson, getRequest, scriptPath, startServer } from './harness.mjs';

let server;
let ca;
before(async () => {
  server = await startServer();
  ca = readFileSync(server.ca_file);
});
after(async () => { assert.equal(await server.stop(), 0); });

const portOf = (origin) => Number(new URL(origin).port);
const ask = (path, headers) => exchangeBytes(server.http, getRequest(path, headers));
const askRaw = (path) => exchangeBytes(server.raw, getRequest(path));

function connectTo(origin) {
  return net.connect({ host: '127.0.0.1', port: portOf(origin) });
}

// GET over TLS; resolves to the JSON body, rejects with the code of the failure.
function getSecure(origin, path, options = {}) {
  return new Promise((resolve, reject) => {
    https.get(origin + path, { ca, agent: false, ...options }, async (response) => {
      let text = '';
      try {
        for await (const part of response) text += part;
        resolve(JSON.parse(text));
      } catch (error) {
        reject(error);
      }
    }).on('error', reject);
  });
}

test('resets are resets, on plain connections and on TLS', async () => {
  assert.deepEqual(await ask('/reset'), { text: '', reset: true });
  assert.deepEqual(await ask('/reset?how=fin'), { text: '', reset: false });
  await assert.rejects(getSecure(server.https, '/reset'), { code: 'ECONNRESET' });
});

test('a body can be broken off after any number of bytes', async () => {
  const head = await ask('/reset-after-head?how=fin');
  assert.match(head.text, /Content-Length: 1000\r\n[^]*\r\n\r\n$/);
  const some = await ask('/reset-after/5?how=fin&length=7');
  assert.match(some.text, /Content-Length: 7\r\n[^]*\r\n\r\nxxxxx$/);
  const chunked = await ask('/reset-after/5?how=fin&framing=chunked');
  assert.match(chunked.text, /\r\n5\r\nxxxxx\r\n$/);
});

test('interim responses and trailers are on the wire', async () => {
  assert.match((await ask('/early-hints?count=2', 'Connection: close\r\n')).text,
    /^(HTTP\/1.1 103 [^]*?\r\n\r\n){2}HTTP\/1.1 200 /);
  assert.match((await ask('/trailers', 'Connection: close\r\n')).text,
    /\r\n0\r\nX-Checksum: abc123\r\nX-Done: yes\r\n\r\n$/);
  assert.match((await ask('/slow-head?interval=0')).text, /^HTTP\/1.1 200 [^]*\r\n\r\nslow$/);
  assert.match((await ask('/no-content', 'Connection: close\r\n')).text, /^HTTP\/1.1 204 /);
  assert.match((await ask('/not-modified', 'Connection: close\r\n')).text, /^HTTP\/1.1 304 /);
});

test('100-continue is sent, or withheld for a refusal', async () => {
  const send = (path) => exchangeBytes(server.http, `POST ${path} HTTP/1.1\r\nHost: x\r\n`
    + 'Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi');
  const continued = (await send('/continue')).text;
  assert.match(continued, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 /);
  assert.match(continued, /"data": "hi"/);
  assert.match((await send('/continue?reject=417')).text, /^HTTP\/1.1 417 /);
});

test('connections are numbered and their requests counted', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const get = (path) => new Promise((resolve, reject) => {
    http.get(server.http + path, { agent }, async (response) => {
      let text = '';
      for await (const part of response) text += part;
      resolve(JSON.parse(text));
    }).on('error', reject);
  });
  const first = await get('/connection-id');
  const second = await get('/connection-id');
  assert.deepEqual([second.connection, second.requests], [first.connection, first.requests + 1]);
  await get('/close');
  const third = await get('/connection-id');
  assert.notEqual(third.connection, first.connection);
  agent.destroy();
});

test('a kept-alive connection can end at awkward moments', async () => {
  for (const path of ['/close-after-response', '/idle-close/50']) {
    const { text, reset } = await ask(path);
    assert.match(text, /^HTTP\/1.1 200 [^]*Connection: keep-alive/);
    assert.equal(reset, false);
  }
  const next = await exchangeBytes(server.http, getRequest('/close-on-next') + getRequest('/get'));
  assert.equal(next.text.match(/HTTP\/1.1/g).length, 1);
});

test('the ledger follows a tagged exchange until its client closes', async () => {
  const socket = connectTo(server.http);
  socket.write(getRequest('/stall-body?tag=left&bytes=100'));
  await once(socket, 'data');
  const open = await getJson(`${server.http}/control/tag/left`);
  assert.deepEqual([open.started, open.finished, open.closed], [1, 0, false]);
  assert.ok(open.bytes_written > 100);
  const waiting = getJson(`${server.http}/control/wait-closed?tag=left&timeout=5000`);
  socket.destroy();
  const closed = await waiting;
  assert.deepEqual([closed.aborted, closed.closed_by_client, closed.closed], [1, 1, true]);
});

test('the ledger tells a server\'s close from a client\'s', async () => {
  await ask('/reset', 'X-Tag: ours\r\n');
  const ours = await getJson(`${server.http}/control/wait-closed?tag=ours`);
  assert.deepEqual([ours.closed, ours.aborted, ours.finished], [false, 0, 1]);
  const early = await getJson(`${server.http}/control/wait-closed?tag=never&timeout=20`);
  assert.deepEqual([early.started, early.closed], [0, false]);
});

test('back-pressure reaches /big, and leaving it is seen', async () => {
  const socket = connectTo(server.http);
  socket.write(getRequest('/big/1073741824?tag=slow'));
  await once(socket, 'data');
  socket.pause();
  let before = -1;
  let now = 0;
  while (now !== before) {
    before = now;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
    now = (await getJson(`${server.http}/control/tag/slow`)).bytes_written;
  }
  assert.ok(now < 64 * 1024 * 1024);
  socket.destroy();
  const closed = await getJson(`${server.http}/control/wait-closed?tag=slow`);
  assert.deepEqual([closed.closed, closed.aborted], [true, 1]);
});

test('/control/reset forgets', async () => {
  await ask('/get?tag=old', 'Connection: close\r\n');
  await fetch(`${server.http}/control/reset`, { method: 'POST' });
  const state = await getJson(`${server.http}/control/state`);
  assert.deepEqual([state.requests_total, state.aborted], [0, 0]);
  assert.equal((await getJson(`${server.http}/control/tag/old`)).started, 0);
});

test('the raw listener sends exactly the bytes of a script', async () => {
  const { text } = await askRaw(scriptPath([{ send: 'ab\xff', times: 2 }, { wait: 5 },
    { send64: 'AAEC', slice: 1 }, { close: true }]));
  assert.equal(text, 'ab\xffab\xff\x00\x01\x02');
});

// The reset waits for a second request: libuv reports a reset that arrives together with data as
// an ordinary end.
test('a script can end in a reset', async () => {
  const socket = connectTo(server.raw);
  socket.write(getRequest(scriptPath([{ send: 'a' }, { read: 'request' }, { reset: true }])));
  const [data] = await once(socket, 'data');
  assert.equal(data.toString(), 'a');
  socket.write(getRequest('/next'));
  const [error] = await once(socket, 'error');
  assert.equal(error.code, 'ECONNRESET');
});

test('the raw listener keeps connections and can wait for the next request', async () => {
  const target = scriptPath([{ send: 'one ' }, { read: 'request' }, { send: 'two ' }]);
  const body = 'POST /any HTTP/1.1\r\nContent-Length: 4\r\n\r\n\r\n\r\n'
    + 'POST /any HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n';
  const { text } = await exchangeBytes(server.raw, getRequest(target) + body
    + getRequest(scriptPath([{ send: 'three' }, { close: true }])));
  assert.match(text, /^one two HTTP\/1.1 404 [^]*not foundthree$/);
});

test('malformed scripts are refused', async () => {
  for (const script of [{}, [null], [{ send: 5 }], [{ unknown: 1 }], [{ send: 'a', times: 'x' }]]) {
    assert.match((await askRaw(scriptPath(script))).text, /^HTTP\/1.1 400 /);
  }
  assert.match((await askRaw('/raw?script=%%%')).text, /^HTTP\/1.1 400 /);
});

test('the named garbage is what its name says', async () => {
  const endings = {
    '/garbage': /^\x80/,
    '/bad-status-line': /^HTTP\/1.1 abc OK\r\n/,
    '/bad-chunk': /\r\nzz\r\nbad\r\n$/,
    '/conflicting-lengths': /Content-Length: 5\r\nContent-Length: 7\r\n/,
    '/truncated-chunked': /\r\n5\r\nhello\r\n$/,
    '/truncated-length': /Content-Length: 100\r\n\r\nhello$/,
    '/http10-close': /^HTTP\/1.0 200 [^]*\r\n\r\nread to close$/,
  };
  for (const [path, pattern] of Object.entries(endings)) {
    assert.match((await askRaw(path)).text, pattern);
  }
  const thenClose = getRequest(scriptPath([{ close: true }]));
  const huge = await exchangeBytes(server.raw, getRequest('/huge-header') + thenClose);
  assert.ok(huge.text.length > 1024 * 1024);
  const many = await exchangeBytes(server.raw, getRequest('/many-headers') + thenClose);
  assert.equal(many.text.match(/X-Field-/g).length, 10000);
});

test('each TLS listener is refused for its own reason', async () => {
  const facts = await getSecure(server.https, '/tls');
  assert.deepEqual([facts.protocol, facts.server_name], ['TLSv1.3', 'localhost']);
  assert.equal((await getSecure(server.https.replace('localhost', '127.0.0.1'), '/tls'))
    .server_name, null);
  const reasons = { expired: 'CERT_HAS_EXPIRED', wrong_host: 'ERR_TLS_CERT_ALTNAME_INVALID',
    self_signed: 'DEPTH_ZERO_SELF_SIGNED_CERT', unknown_issuer: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' };
  for (const [name, code] of Object.entries(reasons)) {
    await assert.rejects(getSecure(server.tls[name], '/get'), { code });
  }
});

test('the client certificate is asked for and recognised', async () => {
  const origin = server.tls.client_certificate;
  await assert.rejects(getSecure(origin, '/tls'));
  const facts = await getSecure(origin, '/tls', { cert: readFileSync(server.client_cert_file),
    key: readFileSync(server.client_key_file) });
  assert.equal(facts.client_common_name, 'reqivo-test-client');
});

test('the outdated listener speaks nothing newer than TLS 1.1', async (context) => {
  if (server.tls.tls1_1 === undefined) {
    context.skip('this OpenSSL cannot speak TLS 1.1');
    return;
  }
  await assert.rejects(getSecure(server.tls.tls1_1, '/tls'));
  const old = await getSecure(server.tls.tls1_1, '/tls',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  assert.equal(old.protocol, 'TLSv1.1');
});

test('raw scripts run over TLS too', async () => {
  const socket = tls.connect({ host: '127.0.0.1', port: portOf(server.raw_tls), ca,
    servername: 'localhost' });
  socket.write(getRequest(scriptPath([{ send: 'secret' }, { close: true }])));
  let text = '';
  for await (const part of socket) text += part;
  assert.equal(text, 'secret');
});

test('the closed port is closed, and IPv6 serves the plain origin where it exists', async () => {
  const refused = net.connect({ host: '127.0.0.1', port: server.closed_port });
  const [error] = await once(refused, 'error');
  assert.equal(error.code, 'ECONNREFUSED');
  const six = net.connect({ host: '::1', port: portOf(server.http) });
  const outcome = await Promise.race([once(six, 'connect').then(() => 'connected'),
    once(six, 'error').then(([failure]) => failure.code)]);
  assert.ok(['connected', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(outcome), outcome);
  six.destroy();
});

// Every path below is left at some moment between connecting and the end of its answer.
const abandonedPaths = ['/get', '/big/100000000', '/big-chunked/100000000', '/drip', '/delay/1',
  '/stall', '/stall-body', '/slow-head', '/redirect-drip', '/stream/2000', '/bomb?mib=4',
  '/trailers', '/reset', '/reset-after/100000', '/early-hints', '/encoded?size=100000', '/zstd',
  '/idle-close/5', '/close-after-response', '/control/wait-closed?tag=none&timeout=50'];
const abandonedRawPaths = ['/huge-header', '/many-headers', '/garbage',
  scriptPath([{ send: 'x', times: 100000 }, { stall: true }])];

test('clients that leave at any moment never hurt it', async () => {
  const targets = [...abandonedPaths.map((path) => [server.http, getRequest(path)]),
    ...abandonedRawPaths.map((path) => [server.raw, getRequest(path)]),
    [server.http, 'POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\npart'],
    [server.http, 'POST /post HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
    [server.http, 'GET /get HTTP/1.1\r\nHost'], [server.https, 'no TLS at all'],
    [server.raw_tls, 'no TLS at all']];
  const leave = (origin, bytes, moment) => new Promise((resolve) => {
    const socket = connectTo(origin);
    socket.on('error', () => {});
    socket.on('close', resolve);
    socket.on('connect', () => {
      socket.write(bytes);
      const go = () => (moment % 2 === 0 ? socket.resetAndDestroy() : socket.destroy());
      setTimeout(go, moment);
    });
  });
  for (const moment of [0, 1, 2, 5, 10, 21]) {
    await Promise.all(targets.map(([origin, bytes]) => leave(origin, bytes, moment)));
  }
  assert.equal((await fetch(`${server.http}/get`)).status, 200);
  assert.equal(server.child.exitCode, null);
});
