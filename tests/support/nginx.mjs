// A private nginx on loopback, for the tests and the benchmarks: its own directory, configuration and ports.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startAttempts = 10;
const startTimeout = 20_000;
const stopTimeout = 5_000;

/** Bytes that repeat nowhere near: what is lost, doubled or swapped on the way is noticed. */
export function patternBytes(size) {
  const blocks = [];
  for (let index = 0; index * 32 < size; ++index) {
    blocks.push(createHash('sha256').update(String(index)).digest());
  }
  return Buffer.concat(blocks).subarray(0, size);
}

/** The body of GET `resource`, over a connection of its own. */
export function fetchText(port, resource) {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path: resource, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => { text += part; });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/** Whether the process has ended. */
export function ended(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Ends the process by `signal`, or by force where that does not help. */
export async function stop(child, signal) {
  if (ended(child)) return;
  const end = new Promise((resolve) => { child.once('exit', resolve); });
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeout);
  await end;
  clearTimeout(timer);
}

// A port that was free a moment ago: nginx cannot report which one it got for port 0.
function findFreePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// certificate.pem, which is also what to trust, and key.pem.
function makeCertificate(directory) {
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', path.join(directory, 'key.pem'), '-out', path.join(directory, 'certificate.pem'),
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
}

// `server` may use files that are in the directory, by relative paths.
function configurationText({ main = '', events, http: settings, listen = '', server }, plainPort, tlsPort, token) {
  return `
daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1;
${main}
pid nginx.pid;
events { ${events} }
http {
  access_log off;
  default_type application/octet-stream;
  client_body_temp_path temporary/body;
  proxy_temp_path temporary/proxy;
  fastcgi_temp_path temporary/fastcgi;
  uwsgi_temp_path temporary/uwsgi;
  scgi_temp_path temporary/scgi;
  ${settings}
  server {
    listen 127.0.0.1:${plainPort} ${listen};
    listen 127.0.0.1:${tlsPort} ssl ${listen};
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
    root files;
    location = /token { return 200 ${token}; }
    ${server}
  }
}
`;
}

// False where nginx ended at once, which it does when somebody else took a port meanwhile.
async function answers(child, port, token) {
  const giveUpAt = Date.now() + startTimeout;
  while (!ended(child) && Date.now() < giveUpAt) {
    try {
      // Whoever took the port may answer too, but not with our token.
      if (await fetchText(port, '/token') === token) return true;
    } catch {
      // It does not listen yet.
    }
    await sleep(20);
  }
  return false;
}

/**
 * Starts nginx in `directory`, whose folder `files` it serves. `configuration` is what is the caller's own: lines for the
 * blocks `main`, `events`, `http` and `server`, and what `listen` says of both ports. Every process that is started goes
 * to `watch` at once. Gives { child, plainPort, tlsPort }; trust certificate.pem of the directory.
 */
export async function startNginx(directory, configuration, watch = () => {}) {
  makeCertificate(directory);
  mkdirSync(path.join(directory, 'temporary'));
  const token = path.basename(directory);
  // A daemon's program lives in sbin, which is not on everyone's PATH.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  for (let left = startAttempts; left > 0; --left) {
    const [plainPort, tlsPort] = [await findFreePort(), await findFreePort()];
    writeFileSync(path.join(directory, 'nginx.conf'), configurationText(configuration, plainPort, tlsPort, token));
    const child = spawn('nginx', ['-p', directory, '-c', 'nginx.conf', '-e', 'error.log'], { stdio: 'ignore', env });
    const started = new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    await started;
    watch(child);
    if (await answers(child, plainPort, token)) return { child, plainPort, tlsPort };
    await stop(child, 'SIGTERM');
  }
  throw new Error(`nginx does not start:\n${readFileSync(path.join(directory, 'error.log'), 'utf8')}`);
}
