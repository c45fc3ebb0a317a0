// One run of a pattern: its requests, lines and streamed bytes, as they happen. Times are
// milliseconds of performance.now().

import { expectRequest } from './network.mjs';

class Request {
  constructor(method, url, onEnd) {
    this.onEnd = onEnd;
    this.method = method;
    this.url = url;
    this.start = performance.now();
    this.headAt = null;
    this.endAt = null;
    this.bytes = 0;
    this.status = null;
    this.outcome = 'waiting';
    this.label = '';
  }

  head(status) {
    if (this.endAt !== null) return;
    this.headAt = performance.now();
    this.status = status;
    this.outcome = 'receiving';
  }

  receive(bytes) {
    this.bytes += bytes;
  }

  end() {
    this.#settle(this.status < 400 ? 'ok' : 'http_error', String(this.status));
  }

  fail() {
    this.#settle('failed', 'failed');
  }

  abort() {
    this.#settle('cancelled', 'cancelled');
  }

  // Why C++ aborted it is known only once C++ has told of the failure.
  explain(code) {
    if (code.endsWith('_timeout')) this.outcome = 'timeout';
    this.label = code === 'total_timeout' ? 'timed out' : code.replaceAll('_', ' ');
  }

  #settle(outcome, label) {
    if (this.endAt !== null) return;
    this.endAt = performance.now();
    this.outcome = outcome;
    this.label = label;
    this.onEnd();
  }
}

function withoutQuery(url) {
  return url.split(/[?#]/)[0];
}

export class Run {
  constructor() {
    this.start = performance.now();
    this.endAt = null;
    this.requests = [];
    this.lines = [];
    this.transfer = null;
    this.onIdle = null;
  }

  addRequest(method, url) {
    const request = new Request(method, url, () => {
      if (this.inFlight === 0) this.onIdle?.();
    });
    this.requests.push(request);
    return request;
  }

  get inFlight() {
    return this.requests.filter((request) => request.endAt === null).length;
  }

  get duration() {
    return (this.endAt ?? performance.now()) - this.start;
  }

  // Resolves once no request is in flight.
  whenIdle() {
    return new Promise((resolve) => {
      this.onIdle = resolve;
      if (this.inFlight === 0) resolve();
    });
  }

  // How many requests there were at once, at most.
  get mostInFlight() {
    const endOf = (request) => request.endAt ?? Infinity;
    const at = (time) => this.requests.filter(
      (request) => request.start <= time && endOf(request) > time).length;
    return Math.max(0, ...this.requests.map((request) => at(request.start)));
  }

  finish() {
    this.endAt = performance.now();
    if (this.transfer) this.transfer.endAt = this.endAt;
  }

  // What a Reporter of C++ speaks to.
  get reporter() {
    return {
      request: () => expectRequest(this),
      line: (text) => this.#addLine(text, null),
      caught: (error) => {
        this.#explain(error);
        this.#addLine(`caught ${error.code}${error.phase === 'none' ? '' : ` in ${error.phase}`}`,
          error);
      },
      expected: (bytes) => { this.#startTransfer().expected = bytes; },
      received: (bytes, chunks) => Object.assign(this.#startTransfer(), { bytes, chunks }),
    };
  }

  #addLine(text, error) {
    this.lines.push({ text, error, at: performance.now() });
  }

  #explain({ code, url }) {
    const request = this.requests.findLast((one) => one.outcome === 'cancelled' &&
      url !== undefined && withoutQuery(one.url) === withoutQuery(url));
    request?.explain(code);
  }

  #startTransfer() {
    const start = performance.now();
    this.transfer ??= { start, endAt: null, expected: null, bytes: 0, chunks: 0 };
    return this.transfer;
  }
}
