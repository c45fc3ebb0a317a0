// Opens the listening sockets: plain and TLS HTTP servers over one application, and ports.

import { randomInt } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';

import { isClientLeft } from './exchange.mjs';

const serverOptions = {
  noDelay: true,
  keepAliveTimeout: 30 * 60 * 1000,
  requestTimeout: 0,
  headersTimeout: 0,
  maxHeaderSize: 8 * 1024 * 1024,
};

// Listens on a port of the system's choice; resolves to it.
export function listen(server, host = '127.0.0.1', port = 0) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve(server.address().port);
    });
  });
}

function isRefused(port) {
  return new Promise((resolve) => {
    const probe = net.connect({ host: '127.0.0.1', port });
    probe.on('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.on('error', (error) => resolve(error.code === 'ECONNREFUSED'));
  });
}

// A port on which nobody listens, above the range from which Linux takes ephemeral ports, so that
// no outgoing connection of a test can come to own it. It is tried by connecting, never by
// listening: another server's tests may count on the same port.
export async function findClosedPort() {
  for (let left = 100; left > 0; --left) {
    const port = randomInt(61000, 65536);
    if (await isRefused(port)) return port;
  }
  throw new Error('no closed port found');
}

function rejectMalformed(error, socket) {
  if (socket.writable && !isClientLeft(error)) {
    const status = error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large' : '400 Bad Request';
    socket.write(`HTTP/1.1 ${status}\r\nAccess-Control-Allow-Origin: *\r\n`
      + 'Content-Length: 0\r\nConnection: close\r\n\r\n');
  }
  socket.destroySoon();
}

function prepare(server, app, ledger, secure, name) {
  server.maxHeadersCount = 0;
  server.on('request', app);
  server.on('checkContinue', (request, response) => {
    if (!/[?&]reject=/.test(request.url)) response.writeContinue();
    app(request, response);
  });
  server.on('clientError', (error, socket) => {
    ledger.event('client-error', { listener: name, code: error.code ?? error.message });
    rejectMalformed(error, socket);
  });
  if (!secure) {
    server.on('connection', (socket) => ledger.open(socket, socket, name));
    return;
  }
  const transports = new Map();
  const place = (socket) => `${socket.remoteAddress} ${socket.remotePort}`;
  server.on('connection', (socket) => {
    const key = place(socket);
    transports.set(key, socket);
    socket.on('close', () => transports.delete(key));
  });
  server.on('secureConnection', (socket) =>
    ledger.open(socket, transports.get(place(socket)), name));
  server.on('tlsClientError', (error, socket) => {
    ledger.event('tls-error', { listener: name, code: error.code ?? error.message });
    socket.destroy();
  });
}

// An HTTP server on 127.0.0.1, and on [::1] at the same port when `dual` and the system has it.
export async function openPlain(app, ledger, name, dual) {
  for (;;) {
    const server = http.createServer(serverOptions);
    prepare(server, app, ledger, false, name);
    const port = await listen(server);
    if (!dual) return port;
    const second = http.createServer(serverOptions);
    prepare(second, app, ledger, false, name);
    try {
      await listen(second, '::1', port);
      return port;
    } catch (error) {
      if (error.code !== 'EADDRINUSE') return port;
      server.close();
    }
  }
}

export async function openSecure(app, ledger, name, tlsOptions) {
  const server = https.createServer({ ...serverOptions, ...tlsOptions });
  prepare(server, app, ledger, true, name);
  return listen(server);
}

// The TLS listeners that a careful client refuses, or that ask something of it. Resolves to
// their names and ports.
export async function openTlsVariants(app, ledger, certificates) {
  const variants = {
    expired: certificates.expired,
    wrong_host: certificates.wrongHost,
    self_signed: certificates.selfSigned,
    unknown_issuer: certificates.unknownIssuer,
    client_certificate: { ...certificates.good, ca: certificates.ca, requestCert: true,
      rejectUnauthorized: true },
  };
  const outdated = { ...certificates.good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0' };
  try {
    tls.createSecureContext(outdated);
    variants.tls1_1 = outdated;
  } catch {
    // This build of OpenSSL cannot speak TLS 1.1 at all; the variant is then left out.
  }
  const entries = await Promise.all(Object.entries(variants).map(async ([name, options]) =>
    [name, `https://localhost:${await openSecure(app, ledger, name, options)}`]));
  return Object.fromEntries(entries);
}
