// Endpoints about the connection and the framing: interim responses, trailers, resets, stalls, and
// keep-alive connections that end at awkward moments.

import { parseInteger, Problem } from './exchange.mjs';

const plainText = { 'Content-Type': 'text/plain' };

// `how=` of the endpoints that break a connection: 'reset' (RST) unless 'fin' is asked for.
function breakHow(exchange) {
  const how = exchange.query.get('how') ?? 'reset';
  if (how !== 'reset' && how !== 'fin') throw new Problem(400, 'how is reset or fin');
  return how;
}

// Resolves when everything written so far has been handed to the system.
function flushed(exchange) {
  return new Promise((resolve) => {
    if (exchange.gone) resolve();
    else exchange.socket.write('', resolve);
  });
}

// Sends the head and `sent` bytes of a body that promises more, then breaks the connection.
async function breakAfter(exchange, sent, promised) {
  const how = breakHow(exchange);
  const framing = exchange.query.get('framing') === 'chunked' ? {} : { 'Content-Length': promised };
  exchange.head(200, { ...plainText, ...framing });
  exchange.response.flushHeaders();
  if (sent > 0) await exchange.write(Buffer.alloc(sent, 'x'));
  await flushed(exchange);
  if (!exchange.gone) exchange.closeConnection(how);
}

function resetAfter(exchange, { count }) {
  const sent = parseInteger(count, 64 * 1024 * 1024);
  return breakAfter(exchange, sent, exchange.integer('length', sent + 1000));
}

async function stallBody(exchange) {
  const sent = exchange.integer('bytes', 10, 1024 * 1024);
  const framing = exchange.query.get('framing') === 'chunked' ? {}
    : { 'Content-Length': sent + 1000 };
  exchange.head(200, { ...plainText, ...framing });
  exchange.response.flushHeaders();
  if (sent > 0) await exchange.write(Buffer.alloc(sent, 'x'));
  await exchange.untilGone();
}

// A redirect to /get whose body comes byte by byte, `interval` ms apart, and has no end.
async function redirectDrip(exchange) {
  const interval = exchange.number('interval', 100, 60000);
  const framing = {
    length: ['Content-Length: 1000'], chunked: ['Transfer-Encoding: chunked'], close: [],
  }[exchange.query.get('framing') ?? 'length'];
  if (framing === undefined) throw new Problem(400, 'framing is length, chunked or close');
  const head = ['HTTP/1.1 302 Found', 'Location: /get', 'Content-Type: text/plain', ...framing,
    ...Object.entries(exchange.corsHeaders([])).map(([name, value]) => `${name}: ${value}`),
    '', ''].join('\r\n');
  exchange.socket.write(head, 'latin1');
  const byte = framing[0]?.startsWith('Transfer-Encoding') ? '1\r\nx\r\n' : 'x';
  while (await exchange.sleep(interval)) exchange.socket.write(byte);
}

// The head in pieces of one byte, `interval` ms apart, then the body and the end of the connection.
async function slowHead(exchange) {
  const interval = exchange.number('interval', 5, 60000);
  const head = ['HTTP/1.1 200 OK', 'Content-Type: text/plain', 'Content-Length: 4',
    ...Object.entries(exchange.corsHeaders([])).map(([name, value]) => `${name}: ${value}`),
    'Connection: close', '', ''].join('\r\n');
  for (const byte of head) {
    if (exchange.gone) return;
    exchange.socket.write(byte, 'latin1');
    if (!await exchange.sleep(interval)) return;
  }
  exchange.socket.write('slow');
  exchange.closeConnection('fin');
}

function trailers(exchange) {
  const { response } = exchange;
  if (exchange.isHead) {
    // The answer to HEAD is not chunked, so it must not announce trailers.
    exchange.send(200, plainText);
    return;
  }
  exchange.head(200, { ...plainText, Trailer: 'X-Checksum, X-Done' });
  response.write('body with ');
  response.write('trailers');
  response.addTrailers({ 'X-Checksum': 'abc123', 'X-Done': 'yes' });
  response.end();
}

function earlyHints(exchange) {
  for (let left = exchange.integer('count', 1, 100); left > 0; --left) {
    exchange.response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
  }
  exchange.send(200, plainText, 'after early hints');
}

// The 100 itself is sent by the listener (see listeners.mjs), unless ?reject=STATUS asks for a
// final answer in its place.
async function expectContinue(exchange) {
  const expected = exchange.request.headers.expect ?? null;
  const reject = exchange.integer('reject', null, 599, 200);
  if (reject !== null) {
    exchange.json({ expect: expected, continued: false }, reject, { Connection: 'close' });
    return;
  }
  const body = await exchange.body();
  exchange.json({ expect: expected, continued: expected !== null, data: body.toString('utf8') });
}

function afterFinish(exchange, action) {
  exchange.response.on('finish', action);
  exchange.json({ connection: exchange.connection.id, requests: exchange.connection.requests });
}

function closeAfterResponse(exchange) {
  afterFinish(exchange, () => exchange.closeConnection('fin'));
}

function idleClose(exchange, { milliseconds }) {
  const wait = parseInteger(milliseconds, 600000);
  afterFinish(exchange, () => {
    const timer = setTimeout(() => exchange.closeConnection('fin'), wait);
    exchange.socket.on('close', () => clearTimeout(timer));
  });
}

function tlsFacts(exchange) {
  const { socket } = exchange;
  if (!socket.encrypted) throw new Problem(400, 'not a TLS connection');
  exchange.json({
    protocol: socket.getProtocol(),
    cipher: socket.getCipher().name,
    server_name: socket.servername || null,
    alpn: socket.alpnProtocol || null,
    session_reused: socket.isSessionReused(),
    client_common_name: socket.getPeerCertificate()?.subject?.CN ?? null,
  });
}

export const misbehaveRoutes = [
  ['GET', '/trailers', trailers],
  ['GET', '/early-hints', earlyHints],
  ['POST PUT PATCH', '/continue', expectContinue],
  ['*', '/no-content', (exchange) => exchange.send(204, {})],
  ['GET', '/not-modified', (exchange) => exchange.send(304, { ETag: '"unchanged"' })],
  ['*', '/reset', (exchange) => exchange.closeConnection(breakHow(exchange))],
  ['*', '/reset-after-head', (exchange) => breakAfter(exchange, 0, 1000)],
  ['GET', '/reset-after/:count', resetAfter],
  ['*', '/stall', (exchange) => exchange.untilGone()],
  ['GET', '/stall-body', stallBody],
  ['GET', '/slow-head', slowHead],
  ['GET', '/redirect-drip', redirectDrip],
  ['*', '/close', (exchange) => exchange.json(
    { connection: exchange.connection.id, requests: exchange.connection.requests }, 200,
    { Connection: 'close' })],
  ['*', '/connection-id', (exchange) => exchange.json(
    { connection: exchange.connection.id, requests: exchange.connection.requests })],
  ['*', '/close-after-response', closeAfterResponse],
  ['*', '/idle-close/:milliseconds', idleClose],
  ['*', '/close-on-next', (exchange) => {
    exchange.connection.closeOnNextRequest = true;
    exchange.json({ connection: exchange.connection.id, requests: exchange.connection.requests });
  }],
  ['GET', '/tls', tlsFacts],
];
