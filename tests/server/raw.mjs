// The raw listener: answers exactly the bytes that the request asks for, well-formed or not.

import net from 'node:net';
import tls from 'node:tls';

import { isClientLeft } from './exchange.mjs';
import { listen } from './listeners.mjs';
import { namedScripts } from './raw_scripts.mjs';
import { RequestReader } from './raw_reader.mjs';

function write(connection, bytes) {
  return new Promise((resolve) => {
    const { socket } = connection;
    if (socket.destroyed || !socket.writable) {
      resolve();
      return;
    }
    const settle = () => {
      socket.off('close', settle);
      resolve();
    };
    socket.on('close', settle);
    socket.write(bytes, settle);
  });
}

function waitOrClose(connection, milliseconds) {
  return new Promise((resolve) => {
    const { socket } = connection;
    if (socket.destroyed) {
      resolve();
      return;
    }
    let timer;
    const settle = () => {
      clearTimeout(timer);
      socket.off('close', settle);
      resolve();
    };
    socket.on('close', settle);
    if (milliseconds !== null) timer = setTimeout(settle, milliseconds);
  });
}

async function sendStep(connection, step) {
  const once = step.send64 === undefined ? Buffer.from(step.send, 'latin1')
    : Buffer.from(step.send64, 'base64');
  const size = step.slice > 0 ? step.slice : Math.max(1, once.length);
  for (let round = 0; round < (step.times ?? 1); ++round) {
    for (let at = 0; at < once.length; at += size) {
      if (connection.socket.destroyed) return;
      await write(connection, once.subarray(at, at + size));
    }
  }
}

// Runs one step; false when the script is over because the connection is.
async function runStep(ledger, connection, reader, step) {
  if (step.send !== undefined || step.send64 !== undefined) {
    await sendStep(connection, step);
  } else if (step.wait !== undefined) {
    await waitOrClose(connection, step.wait);
  } else if (step.read === 'request') {
    return await reader.next() !== null;
  } else if (step.stall) {
    await waitOrClose(connection, null);
  } else {
    ledger.closedByServer(connection);
    connection.close(step.reset ? 'reset' : 'fin');
    return false;
  }
  return !connection.socket.destroyed;
}

async function badRequest(connection, message) {
  await write(connection, 'HTTP/1.1 400 Bad Request\r\nAccess-Control-Allow-Origin: *\r\n'
    + `Connection: close\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`);
  connection.close('fin');
}

function isStep(step) {
  if (typeof step !== 'object' || step === null) return false;
  const text = (name) => typeof step[name] === 'string';
  const countOrNone = (name) => step[name] === undefined || Number.isSafeInteger(step[name]);
  if (text('send') || text('send64')) return countOrNone('times') && countOrNone('slice');
  return Number.isFinite(step.wait) || step.read === 'request' || step.close === true
    || step.reset === true || step.stall === true;
}

// The script that a request asks for: its own, a named one, or null when it is malformed.
function scriptOf(request) {
  const mark = request.target.indexOf('?');
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  if (request.method === 'OPTIONS') return namedScripts.preflight();
  if (path !== '/raw') return (Object.hasOwn(namedScripts, path) ? namedScripts[path]
    : namedScripts.missing)();
  const coded = new URLSearchParams(mark < 0 ? '' : request.target.slice(mark + 1)).get('script');
  try {
    const script = JSON.parse(Buffer.from(coded ?? '', 'base64url').toString('utf8'));
    return Array.isArray(script) && script.every(isStep) ? script : null;
  } catch {
    return null;
  }
}

function tagOf(request) {
  const mark = request.target.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : request.target.slice(mark + 1)).get('tag')
    ?? /^x-tag:\s*(\S+)/im.exec(request.head)?.[1] ?? null;
}

async function serve(ledger, connection) {
  const { socket } = connection;
  const reader = new RequestReader(socket);
  for (let request = await reader.next(); request !== null; request = await reader.next()) {
    const script = scriptOf(request);
    const entry = ledger.begin(connection, request.method, request.target, tagOf(request));
    const aborted = () => ledger.end(entry,
      connection.closedBy === 'client' ? 'aborted' : 'finished');
    socket.on('close', aborted);
    if (script === null) {
      await badRequest(connection, 'script is no base64url JSON array of steps');
      return;
    }
    for (const step of script) {
      if (!await runStep(ledger, connection, reader, step)) return;
    }
    socket.off('close', aborted);
    ledger.end(entry, 'finished');
  }
  if (!socket.destroyed) socket.destroySoon();
}

function accept(ledger, socket, transport, name) {
  socket.setNoDelay(true);
  const connection = ledger.open(socket, transport, name);
  socket.on('error', (error) => {
    if (!isClientLeft(error) && socket.encrypted !== true) throw error;
  });
  serve(ledger, connection);
}

export function openRaw(ledger) {
  return listen(net.createServer((socket) => accept(ledger, socket, socket, 'raw')));
}

export function openRawSecure(ledger, identity) {
  const transports = new Map();
  const place = (socket) => `${socket.remoteAddress} ${socket.remotePort}`;
  const server = tls.createServer(identity, (socket) =>
    accept(ledger, socket, transports.get(place(socket)), 'raw_tls'));
  server.on('connection', (socket) => {
    const key = place(socket);
    transports.set(key, socket);
    socket.on('close', () => transports.delete(key));
  });
  server.on('tlsClientError', (error, socket) => socket.destroy());
  return listen(server);
}
