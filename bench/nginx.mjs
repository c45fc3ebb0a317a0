// A private nginx on loopback: own directory, configuration and ports, gone with the benchmark.
import {execFileSync, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
  closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync,
} from 'node:fs';
import {get} from 'node:http';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

export const smallBody =
  'A body of about a hundred bytes, as many an API sends it back: id 4711, state ok, owner none.\n';
export const largeSize = 256 * 1024 * 1024;

const startAttempts = 10;
const startTimeoutMs = 10_000;

/** Bytes that repeat nowhere near: what is lost, doubled or swapped on the way is noticed. */
const makePattern = (size) => {
  const blocks = [];
  for (let i = 0; i * 32 < size; ++i) blocks.push(createHash('sha256').update(String(i)).digest());
  return Buffer.concat(blocks).subarray(0, size);
};

export const patternBody = makePattern(1_000_003);

/** A port that was free a moment ago; nginx cannot report which one port 0 gave it. */
const findFreePort = () => new Promise((resolve, reject) => {
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const {port} = server.address();
    server.close(() => resolve(port));
  });
});

const makeCertificate = (directory) => {
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost',
    '-keyout', path.join(directory, 'key.pem'), '-out', path.join(directory, 'certificate.pem'),
  ], {stdio: ['ignore', 'ignore', 'pipe']});
};

const makeFiles = (directory) => {
  const files = path.join(directory, 'files');
  mkdirSync(files);
  writeFileSync(path.join(files, 'pattern'), patternBody);
  writeFileSync(path.join(files, 'chunked'), patternBody);
  const large = openSync(path.join(files, 'large'), 'w');
  const block = makePattern(1024 * 1024);
  for (let size = 0; size < largeSize; size += block.length) writeSync(large, block);
  closeSync(large);
};

// `return` makes a response of head and body in one write; sub_filter drops the Content-Length and
// so makes nginx send chunks; tcp_nopush keeps the head of a file and its beginning together.
const makeConfiguration = ({plainPort, tlsPort, processor, token, extra}) => `
daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1;
${processor === null ? '' : `worker_cpu_affinity 1${'0'.repeat(processor)};`}
pid nginx.pid;
events { worker_connections 8192; multi_accept on; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  keepalive_time 24h;
  client_body_temp_path temporary/body;
  proxy_temp_path temporary/proxy;
  fastcgi_temp_path temporary/fastcgi;
  uwsgi_temp_path temporary/uwsgi;
  scgi_temp_path temporary/scgi;
  server {
    listen 127.0.0.1:${plainPort} backlog=4096;
    listen 127.0.0.1:${tlsPort} ssl backlog=4096;
    ssl_protocols TLSv1.3;
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
    root files;
    location = /small { return 200 "${smallBody.replace('\n', '\\n')}"; }
    location = /chunked { sub_filter_types *; sub_filter "not in the file" ""; }
    location = /status { stub_status; }
    location = /token { return 200 ${token}; }
${extra}
  }
}
`;

const makeFolderLocation = ([location, folder]) => `
    location ${location} {
      alias "${folder}/";
      types { text/html html; text/javascript mjs; application/wasm wasm; }
    }`;

const fetchText = (port, resource) => new Promise((resolve, reject) => {
  const request = get({host: '127.0.0.1', port, path: resource, agent: false}, (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part) => { text += part; });
    response.on('end', () => resolve(text));
    response.on('error', reject);
  });
  request.on('error', reject);
});

export class Nginx {
  #directory = mkdtempSync(path.join(tmpdir(), 'reqivo-bench-'));
  #process = null;
  #ports = null;
  #extra = '';

  /**
   * Starts it; with `processor` not null its worker stays on that one. `folders`: what else is
   * served, such as {'/page/': '/absolute/folder'}. `uncached`: no cache may keep anything.
   */
  static async start(processor, {folders = {}, uncached = false} = {}) {
    const nginx = new Nginx();
    nginx.#extra = Object.entries(folders).map(makeFolderLocation).join('') +
      (uncached ? '\n    add_header Cache-Control no-store;' : '');
    process.once('exit', () => nginx.#remove());
    mkdirSync(path.join(nginx.#directory, 'temporary'));
    makeCertificate(nginx.#directory);
    makeFiles(nginx.#directory);
    for (let attempt = 0; attempt < startAttempts; ++attempt) {
      if (await nginx.#tryToStart(processor)) return nginx;
    }
    throw new Error(`nginx does not start:\n${nginx.#errorLog()}`);
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
    if (this.#process !== null && this.#process.exitCode === null) {
      const ended = new Promise((resolve) => { this.#process.once('exit', resolve); });
      this.#process.kill('SIGTERM');
      await ended;
    }
    this.#remove();
  }

  #remove() {
    if (this.#process !== null && this.#process.exitCode === null) this.#process.kill('SIGTERM');
    rmSync(this.#directory, {recursive: true, force: true});
  }

  #errorLog() { return readFileSync(path.join(this.#directory, 'error.log'), 'utf8'); }

  // False where the process ended at once, which it does when somebody else got the port first.
  async #tryToStart(processor) {
    this.#ports = {plainPort: await findFreePort(), tlsPort: await findFreePort()};
    const token = path.basename(this.#directory);
    writeFileSync(path.join(this.#directory, 'nginx.conf'),
                  makeConfiguration({...this.#ports, processor, token, extra: this.#extra}));
    let failure = null;
    // A daemon's program lives in sbin, which is not on everyone's PATH.
    const env = {...process.env, PATH: `${process.env.PATH}:/usr/sbin`};
    this.#process = spawn('nginx', ['-p', this.#directory, '-c', 'nginx.conf', '-e', 'error.log'],
                          {stdio: 'ignore', env});
    this.#process.once('error', (error) => { failure = error; });
    const giveUpAt = Date.now() + startTimeoutMs;
    while (this.#process.exitCode === null && Date.now() < giveUpAt) {
      if (failure !== null) throw failure;
      try {
        // Whoever took the port meanwhile may answer too, but not with our token.
        if (await fetchText(this.#ports.plainPort, '/token') === token) return true;
      } catch {
        // Not listening yet.
      }
      await sleep(20);
    }
    return false;
  }
}
