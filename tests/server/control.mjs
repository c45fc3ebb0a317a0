// The ledger: what the server saw (connections, requests, tagged exchanges), and the control
// endpoints by which a test asks for it. Requests to /control/ are themselves not counted.

import { parseInteger, Problem } from './exchange.mjs';

const eventLimit = 1000;

export class Ledger {
  constructor() {
    this.connectionsBySocket = new WeakMap();
    this.openConnections = 0;
    this.lastConnectionId = 0;
    this.watchers = new Set();
    this.onActivity = () => {};
    this.reset();
  }

  reset() {
    this.requestsTotal = 0;
    this.aborted = 0;
    this.events = [];
    this.tags = new Map();
  }

  event(type, details) {
    this.events.push({ at: Math.round(performance.now()), type, ...details });
    if (this.events.length > eventLimit) this.events.shift();
    this.onActivity();
  }

  // Begins to follow a connection. `transport` is the TCP socket below `socket` (the same for
  // plain connections); only it can send a reset.
  open(socket, transport, listener) {
    const connection = {
      id: ++this.lastConnectionId,
      requests: 0,
      socket,
      closed: false,
      closedBy: null,
      closeOnNextRequest: false,
      close: (how) => closeSocket(socket, transport, how),
    };
    this.connectionsBySocket.set(socket, connection);
    this.openConnections += 1;
    this.event('connection', { connection: connection.id, listener });
    const clientClosed = () => {
      if (!socket.writableEnded) connection.closedBy ??= 'client';
    };
    // Before the HTTP server's own listener, which ends our side and so hides who was first.
    socket.prependListener('end', clientClosed);
    socket.prependListener('error', clientClosed);
    socket.on('close', () => {
      connection.closed = true;
      connection.closedBy ??= 'server';
      this.openConnections -= 1;
      this.event('closed', { connection: connection.id, by: connection.closedBy });
      this.#notify();
    });
    return connection;
  }

  connectionOf(socket) {
    return this.connectionsBySocket.get(socket);
  }

  closedByServer(connection) {
    connection.closedBy ??= 'server';
  }

  // Begins a counted request; the result is handed to `end` once.
  begin(connection, method, target, tag) {
    this.requestsTotal += 1;
    connection.requests += 1;
    const entry = { connection, tag, bytesBefore: bytesSent(connection.socket), bytesWritten: null,
      outcome: null };
    if (tag !== null) {
      if (!this.tags.has(tag)) this.tags.set(tag, []);
      this.tags.get(tag).push(entry);
    }
    this.event('request', { connection: connection.id, method, target: target.slice(0, 200), tag });
    return entry;
  }

  // Ends it: 'finished' when the whole answer was handed to the system (or the server broke it off
  // on purpose), 'aborted' when the client went first.
  end(entry, outcome) {
    if (entry.outcome !== null) return;
    entry.outcome = outcome;
    entry.bytesWritten = bytesSent(entry.connection.socket) - entry.bytesBefore;
    if (outcome === 'aborted') this.aborted += 1;
    this.event(outcome, { connection: entry.connection.id, tag: entry.tag });
    this.#notify();
  }

  tag(name) {
    const entries = this.tags.get(name) ?? [];
    const connections = [...new Set(entries.map((entry) => entry.connection))];
    const count = (outcome) => entries.filter((entry) => entry.outcome === outcome).length;
    const byClient = connections.filter((one) => one.closed && one.closedBy === 'client').length;
    return {
      tag: name,
      started: entries.length,
      finished: count('finished'),
      aborted: count('aborted'),
      closed_by_client: byClient,
      closed: connections.length > 0 && byClient === connections.length,
      bytes_written: entries.reduce((sum, entry) => sum + (entry.bytesWritten
        ?? bytesSent(entry.connection.socket) - entry.bytesBefore), 0),
      connections: connections.map((one) => one.id),
    };
  }

  // True when every connection that carried the tag has been closed, by whichever side.
  tagSettled(name) {
    const entries = this.tags.get(name) ?? [];
    return entries.length > 0 && entries.every((entry) => entry.connection.closed);
  }

  state() {
    return {
      open_connections: this.openConnections,
      requests_total: this.requestsTotal,
      aborted: this.aborted,
      events: this.events,
    };
  }

  // Calls `watcher` after each end of a request or connection; returns the way to stop it.
  watch(watcher) {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  #notify() {
    for (const watcher of [...this.watchers]) watcher();
  }
}

// What the system has taken of the writes, not what still waits in this process.
function bytesSent(socket) {
  return (socket.bytesWritten ?? 0) - (socket.writableLength ?? 0);
}

function closeSocket(socket, transport, how) {
  if (how === 'fin') {
    socket.destroySoon();
    return;
  }
  if (!transport.destroyed) transport.resetAndDestroy();
  socket.destroy();
}

async function waitClosed(exchange) {
  const ledger = exchange.context.ledger;
  const tag = exchange.query.get('tag');
  if (tag === null) throw new Problem(400, 'wait-closed needs ?tag=');
  const timeout = parseInteger(exchange.query.get('timeout') ?? '5000', 600000);
  if (!ledger.tagSettled(tag)) {
    let settle;
    const settled = new Promise((resolve) => { settle = resolve; });
    const stop = ledger.watch(() => {
      if (ledger.tagSettled(tag)) settle();
    });
    const timer = setTimeout(settle, timeout);
    exchange.response.on('close', settle);
    await settled;
    clearTimeout(timer);
    stop();
  }
  if (!exchange.gone) exchange.json(ledger.tag(tag));
}

export const controlRoutes = [
  ['GET', '/control/state', (exchange) => exchange.json(
    { connection: exchange.connection.id, ...exchange.context.ledger.state() })],
  ['GET', '/control/wait-closed', waitClosed],
  ['GET', '/control/tag/:tag', (exchange, { tag }) =>
    exchange.json(exchange.context.ledger.tag(tag))],
  ['POST', '/control/reset', (exchange) => {
    exchange.context.ledger.reset();
    exchange.json({ reset: true });
  }],
];
