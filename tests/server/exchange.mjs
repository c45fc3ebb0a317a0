// One request and its response: what the endpoints need of both, with CORS applied to every head
// and with a client that goes away treated as an ordinary outcome.

// A request that an endpoint refuses: becomes a response with this status.
export class Problem extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const clientLeftCodes = new Set(
  ['ECONNRESET', 'EPIPE', 'ECANCELED', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE']);

// True for the errors that only say that the peer closed or reset the connection.
export function isClientLeft(error) {
  return clientLeftCodes.has(error?.code);
}

export const bufferedBodyLimit = 64 * 1024 * 1024;

const automaticHeaders = ['Connection', 'Content-Length', 'Date', 'Keep-Alive',
  'Transfer-Encoding'];

// Groups name/value pairs as httpbin does: one value is a string, several are an array.
export function groupPairs(pairs) {
  const grouped = Object.create(null);
  for (const [name, value] of pairs) {
    if (!(name in grouped)) {
      grouped[name] = value;
    } else if (Array.isArray(grouped[name])) {
      grouped[name].push(value);
    } else {
      grouped[name] = [grouped[name], value];
    }
  }
  return grouped;
}

export function canonicalHeaderName(name) {
  return name.toLowerCase().replace(/(^|-)([a-z])/g, (whole, dash, letter) =>
    dash + letter.toUpperCase());
}

export class Exchange {
  // `context` is shared by all listeners: {ledger, origins}. `connection` is the ledger's record.
  constructor(request, response, context, connection) {
    this.request = request;
    this.response = response;
    this.context = context;
    this.connection = connection;
    this.socket = request.socket;
    this.gone = false;
    const target = request.url.replace(/^https?:\/\/[^/?]*/i, '') || '/';
    const mark = target.indexOf('?');
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
    this.target = target;
    response.on('close', () => { this.gone = true; });
    for (const stream of [request, response]) {
      stream.on('error', (error) => {
        if (!isClientLeft(error)) throw error;
      });
    }
  }

  get isHead() {
    return this.request.method === 'HEAD';
  }

  get origin() {
    const scheme = this.socket.encrypted ? 'https' : 'http';
    return `${scheme}://${this.request.headers.host ?? 'localhost'}`;
  }

  get url() {
    return this.origin + this.target;
  }

  get clientAddress() {
    return (this.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  }

  args() {
    return groupPairs(this.query);
  }

  // Request headers as httpbin shows them: Canonical-Case names, repeated fields joined by commas.
  headers() {
    const shown = {};
    const raw = this.request.rawHeaders;
    for (let index = 0; index < raw.length; index += 2) {
      const name = canonicalHeaderName(raw[index]);
      shown[name] = name in shown ? `${shown[name]},${raw[index + 1]}` : raw[index + 1];
    }
    return shown;
  }

  // A number of the query string; a missing one is `fallback`, a bad one a 400.
  number(name, fallback, maximum = Number.MAX_SAFE_INTEGER) {
    const text = this.query.get(name);
    if (text === null) return fallback;
    return parseNumber(text, maximum);
  }

  // The same for an integer from `minimum` to `maximum`.
  integer(name, fallback, maximum = Number.MAX_SAFE_INTEGER, minimum = 0) {
    const text = this.query.get(name);
    if (text === null) return fallback;
    const value = parseInteger(text, maximum);
    if (value < minimum) throw new Problem(400, `${name} is at least ${minimum}`);
    return value;
  }

  // The whole request body, at most `bufferedBodyLimit` bytes.
  async body() {
    const parts = [];
    let size = 0;
    // Leaving the loop must not destroy the socket: the refusal is still to be sent on it.
    for await (const part of this.request.iterator({ destroyOnReturn: false })) {
      size += part.length;
      if (size > bufferedBodyLimit) throw new Problem(413, 'body too large to echo');
      parts.push(part);
    }
    return Buffer.concat(parts, size);
  }

  corsHeaders(names) {
    const asked = this.request.headers;
    const headers = { 'Access-Control-Allow-Origin': asked.origin ?? '*' };
    if (asked.origin !== undefined) {
      headers['Access-Control-Allow-Credentials'] = 'true';
      headers.Vary = 'Origin';
    }
    const exposed = [...new Set([...names, ...automaticHeaders])];
    headers['Access-Control-Expose-Headers'] = exposed.join(', ');
    return headers;
  }

  // Sends the head. Header values may be arrays: one field line each.
  head(status, headers = {}) {
    const response = this.response;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    for (const [name, value] of Object.entries(this.corsHeaders(Object.keys(headers)))) {
      if (!response.hasHeader(name)) response.setHeader(name, value);
    }
    response.writeHead(status);
  }

  send(status, headers, body = '') {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
    const bodyless = status === 204 || status === 304;
    this.head(status, bodyless ? headers : { ...headers, 'Content-Length': bytes.length });
    this.response.end(bodyless || this.isHead ? undefined : bytes);
  }

  json(value, status = 200, headers = {}) {
    const text = `${JSON.stringify(value, null, 2)}\n`;
    this.send(status, { 'Content-Type': 'application/json', ...headers }, text);
  }

  redirect(location, status = 302, headers = {}) {
    this.send(status, { Location: location, 'Content-Type': 'text/html', ...headers },
      '<!doctype html><title>Redirecting...</title>\n');
  }

  // Writes one piece of the body; resolves to false once the client has gone.
  async write(piece) {
    if (this.gone) return false;
    if (this.response.write(piece)) return true;
    return this.#until((done) => this.response.once('drain', done),
      (done) => this.response.off('drain', done));
  }

  // Waits; resolves early, and to false, when the client goes.
  async sleep(milliseconds) {
    let timer;
    return this.#until((done) => { timer = setTimeout(done, milliseconds); },
      () => clearTimeout(timer));
  }

  // Resolves when the client has gone.
  async untilGone() {
    await this.#until(() => {}, () => {});
  }

  // Sends a head and the pieces that `pieces` yields, at the pace at which the client reads.
  async stream(status, headers, pieces) {
    this.head(status, headers);
    if (!this.isHead) {
      for await (const piece of pieces) {
        if (!await this.write(piece)) return;
      }
    }
    if (!this.gone) this.response.end();
  }

  // Closes the connection from this side: 'reset' sends RST, 'fin' an orderly end after what was
  // written so far.
  closeConnection(how = 'reset') {
    this.context.ledger.closedByServer(this.connection);
    this.connection.close(how);
  }

  #until(subscribe, unsubscribe) {
    return new Promise((resolve) => {
      if (this.gone) {
        resolve(false);
        return;
      }
      const settle = () => {
        unsubscribe(settle);
        this.response.off('close', settle);
        resolve(!this.gone);
      };
      this.response.on('close', settle);
      subscribe(settle);
    });
  }
}

export function parseNumber(text, maximum = Number.MAX_SAFE_INTEGER) {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= maximum)) throw new Problem(400, `not a number from 0 to ${maximum}: ${text}`);
  return value;
}

export function parseInteger(text, maximum = Number.MAX_SAFE_INTEGER) {
  const value = parseNumber(text, maximum);
  if (!Number.isInteger(value)) throw new Problem(400, `not an integer: ${text}`);
  return value;
}
