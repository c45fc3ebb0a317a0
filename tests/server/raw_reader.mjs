// Reads HTTP/1.1 request after request from a socket, bodies skipped, for the raw listener.

const headEnd = Buffer.from('\r\n\r\n');

export class RequestReader {
  #buffer = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor(socket) {
    socket.on('data', (part) => {
      this.#buffer = Buffer.concat([this.#buffer, part]);
      this.#wake();
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('end', end);
    socket.on('close', end);
  }

  // The next request as {method, target, head}, once its body has arrived; null at the end.
  async next() {
    const length = await this.#until(() => {
      const at = this.#buffer.indexOf(headEnd);
      return at < 0 ? null : at + headEnd.length;
    });
    if (length === null) return null;
    const head = this.#take(length).toString('latin1');
    const [method, target] = head.split(' ', 2);
    const whole = /^transfer-encoding:\s*chunked/im.test(head) ? await this.#skipChunks()
      : await this.#skip(Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0));
    return whole ? { method, target: target ?? '', head } : null;
  }

  async #skip(count) {
    const length = await this.#until(() => (this.#buffer.length >= count ? count : null));
    if (length === null) return false;
    this.#take(length);
    return true;
  }

  // Chunks up to the last, and the empty line after it; clients of this listener send no trailers.
  async #skipChunks() {
    for (;;) {
      const line = await this.#until(() => {
        const at = this.#buffer.indexOf('\r\n');
        return at < 0 ? null : at + 2;
      });
      if (line === null) return false;
      const size = Number.parseInt(this.#take(line).toString('latin1'), 16);
      if (!await this.#skip((Number.isNaN(size) ? 0 : size) + 2)) return false;
      if (!(size > 0)) return true;
    }
  }

  #take(count) {
    const taken = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    return taken;
  }

  async #until(probe) {
    for (;;) {
      const found = probe();
      if (found !== null) return found;
      if (this.#ended) return null;
      await new Promise((resolve) => { this.#wake = resolve; });
    }
  }
}
