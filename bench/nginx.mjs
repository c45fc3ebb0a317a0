// A private nginx on loopback: own directory, configuration and ports, gone with the benchmark.
import {closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {ended, fetchText, patternBytes, startNginx, stop} from '../tests/support/nginx.mjs';

export const smallBody =
  'A body of about a hundred bytes, as many an API sends it back: id 4711, state ok, owner none.\n';
export const largeSize = 256 * 1024 * 1024;

export const patternBody = patternBytes(1_000_003);

const makeFiles = (directory) => {
  const files = path.join(directory, 'files');
  mkdirSync(files);
  writeFileSync(path.join(files, 'pattern'), patternBody);
  writeFileSync(path.join(files, 'chunked'), patternBody);
  const large = openSync(path.join(files, 'large'), 'w');
  const block = patternBytes(1024 * 1024);
  for (let size = 0; size < largeSize; size += block.length) writeSync(large, block);
  closeSync(large);
};

// `return` makes a response of head and body in one write; sub_filter drops the Content-Length and
// so makes nginx send chunks; tcp_nopush keeps the head of a file and its beginning together.
const makeConfiguration = (processor, extra) => ({
  main: processor === null ? '' : `worker_cpu_affinity 1${'0'.repeat(processor)};`,
  events: 'worker_connections 8192; multi_accept on;',
  http: `
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  keepalive_time 24h;`,
  listen: 'backlog=4096',
  server: `
    ssl_protocols TLSv1.3;
    location = /small { return 200 "${smallBody.replace('\n', '\\n')}"; }
    location = /chunked { sub_filter_types *; sub_filter "not in the file" ""; }
    location = /status { stub_status; }
    ${extra}`,
});

const makeFolderLocation = ([location, folder]) => `
    location ${location} {
      alias "${folder}/";
      types { text/html html; text/javascript mjs; application/wasm wasm; }
    }`;

export class Nginx {
  #directory = mkdtempSync(path.join(tmpdir(), 'reqivo-bench-'));
  #process = null;
  #ports = null;

  /**
   * Starts it; with `processor` not null its worker stays on that one. `folders`: what else is
   * served, such as {'/page/': '/absolute/folder'}. `uncached`: no cache may keep anything.
   */
  static async start(processor, {folders = {}, uncached = false} = {}) {
    const nginx = new Nginx();
    const extra = Object.entries(folders).map(makeFolderLocation).join('') +
      (uncached ? '\n    add_header Cache-Control no-store;' : '');
    process.once('exit', () => nginx.#remove());
    makeFiles(nginx.#directory);
    nginx.#ports = await startNginx(nginx.#directory, makeConfiguration(processor, extra),
                                    (child) => { nginx.#process = child; });
    return nginx;
  }

  get caFile() { return path.join(this.#directory, 'certificate.pem'); }

  /** The directory for the benchmark's own scratch files. */
  get directory() { return this.#directory; }

  port(tls) { return tls ? this.#ports.tlsPort : this.#ports.plainPort; }

  /** Connections accepted and requests served so far, those of this question included. */
  async counters() {
    const text = await fetchText(this.#ports.plainPort, '/status');
    const [, accepted, , requests] = /\s(\d+)\s+(\d+)\s+(\d+)\s/.exec(text);
    return {accepted: Number(accepted), requests: Number(requests)};
  }

  async stop() {
    if (this.#process !== null) await stop(this.#process, 'SIGTERM');
    this.#remove();
  }

  #remove() {
    if (this.#process !== null && !ended(this.#process)) this.#process.kill('SIGTERM');
    rmSync(this.#directory, {recursive: true, force: true});
  }
}
