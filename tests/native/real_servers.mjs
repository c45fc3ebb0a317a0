// Runs a command beside servers that we did not write: nginx, plain and over TLS, and httpbin under
// gunicorn.
//
//   node tests/native/real_servers.mjs --run COMMAND [ARGUMENT...]
//
// The command gets REQIVO_REAL_SERVERS, a JSON object: nginx, nginx_tls and httpbin are origins,
// ca_file is the PEM file to trust. Exit code: the command's; 128 + N for signal N. Loopback only,
// everything private to one run.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { constants, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const startAttempts = 10;
const startTimeout = 20_000;
const stopTimeout = 5_000;
const largeSize = 8 * 1024 * 1024;

// Debian's httpbin belongs to Debian's Python, whatever else is first on PATH.
const python = '/usr/bin/python3';

const running = new Set();

function start(command, args, options) {
  const child = spawn(command, args, options);
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

function stopped(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child, signal) {
  if (stopped(child)) return;
  const ended = new Promise((resolve) => { child.once('exit', resolve); });
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeout);
  await ended;
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

function fetchText(port, path) {
  return new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => { text += part; });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    }).on('error', reject);
  });
}

function makeCertificate(directory) {
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', join(directory, 'key.pem'), '-out', join(directory, 'certificate.pem'),
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
}

// Bytes that repeat nowhere near, so that a piece lost or doubled is noticed.
function patternBytes(size) {
  const blocks = [];
  for (let index = 0; index * 32 < size; ++index) {
    blocks.push(createHash('sha256').update(String(index)).digest());
  }
  return Buffer.concat(blocks).subarray(0, size);
}

function makeFiles(directory) {
  const files = join(directory, 'files');
  mkdirSync(join(files, 'directory'), { recursive: true });
  mkdirSync(join(directory, 'temporary'));
  writeFileSync(join(files, 'hello.txt'), 'Hello from nginx.\n');
  writeFileSync(join(files, 'large.bin'), patternBytes(largeSize));
  writeFileSync(join(files, 'lines.txt'), 'a line that is easily compressed\n'.repeat(10_000));
  writeFileSync(join(files, 'directory', 'index.html'), '<!doctype html><title>index</title>\n');
}

// sub_filter drops the Content-Length, so that nginx sends chunks.
function nginxConfiguration(plainPort, tlsPort, token) {
  return `
daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1;
pid nginx.pid;
events { worker_connections 512; }
http {
  access_log off;
  types { text/plain txt; text/html html; }
  default_type application/octet-stream;
  client_max_body_size 1m;
  absolute_redirect off;
  client_body_temp_path temporary/body;
  proxy_temp_path temporary/proxy;
  fastcgi_temp_path temporary/fastcgi;
  uwsgi_temp_path temporary/uwsgi;
  scgi_temp_path temporary/scgi;
  server {
    listen 127.0.0.1:${plainPort};
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate certificate.pem;
    ssl_certificate_key key.pem;
    root files;
    location = /token { return 200 ${token}; }
    location = /connection {
      return 200 "$connection $connection_requests $ssl_protocol $ssl_session_reused";
    }
    location = /moved { return 301 /hello.txt; }
    location = /accept-encoding { return 200 "$http_accept_encoding"; }
    location /chunked/ { alias files/; sub_filter_types *; sub_filter "not in any file" ""; }
    location /gzip/ { alias files/; gzip on; gzip_types *; gzip_min_length 0; }
    location = /close { keepalive_timeout 0; return 200 "closing"; }
    location = /no-content { return 204; }
  }
}
`;
}

// False where nginx ended at once, which it does when somebody else took a port meanwhile.
async function nginxAnswers(child, port, token) {
  const giveUpAt = Date.now() + startTimeout;
  while (!stopped(child) && Date.now() < giveUpAt) {
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

async function startNginx(directory) {
  makeCertificate(directory);
  makeFiles(directory);
  const token = basename(directory);
  // A daemon's program lives in sbin, which is not on everyone's PATH.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  for (let left = startAttempts; left > 0; --left) {
    const [plainPort, tlsPort] = [await findFreePort(), await findFreePort()];
    writeFileSync(join(directory, 'nginx.conf'), nginxConfiguration(plainPort, tlsPort, token));
    const child = start('nginx', ['-p', directory, '-c', 'nginx.conf', '-e', 'error.log'],
      { stdio: 'ignore', env });
    let failure = null;
    child.once('error', (error) => {
      running.delete(child);
      failure = error;
    });
    if (await nginxAnswers(child, plainPort, token)) return { plainPort, tlsPort };
    if (failure !== null) throw failure;
    await stop(child, 'SIGTERM');
  }
  throw new Error(`nginx does not start:\n${readFileSync(join(directory, 'error.log'), 'utf8')}`);
}

// gunicorn says which port the system gave it. Threads keep connections alive; its default workers
// do not.
function startHttpbin(directory) {
  const child = start(python, ['-m', 'gunicorn', 'httpbin:app', '--bind', '127.0.0.1:0',
    '--worker-class', 'gthread', '--workers', '1', '--threads', '16', '--keep-alive', '60',
    '--worker-tmp-dir', directory],
  { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory });
  return new Promise((resolve, reject) => {
    let log = '';
    const timer = setTimeout(() => reject(new Error(`httpbin does not start:\n${log}`)),
      startTimeout);
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (part) => {
      log += part;
      const listening = /Listening at: http:\/\/127\.0\.0\.1:(\d+)/.exec(log);
      if (listening !== null && /Booting worker/.test(log)) {
        clearTimeout(timer);
        resolve(Number(listening[1]));
      }
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`httpbin ended:\n${log}`)));
  });
}

async function httpbinAnswers(port) {
  const giveUpAt = Date.now() + startTimeout;
  while (Date.now() < giveUpAt) {
    try {
      if (JSON.parse(await fetchText(port, '/get')).url !== undefined) return;
    } catch {
      // Its worker is still loading.
    }
    await sleep(50);
  }
  throw new Error('httpbin does not answer');
}

async function stopAll() {
  // QUIT is gunicorn's quick end, and nginx's orderly one.
  await Promise.all([...running].map((child) => stop(child, 'SIGQUIT')));
}

function runCommand(command, servers) {
  return new Promise((resolve, reject) => {
    const child = start(command[0], command.slice(1), {
      stdio: 'inherit',
      env: { ...process.env, REQIVO_REAL_SERVERS: JSON.stringify(servers) },
    });
    child.once('error', (error) => {
      running.delete(child);
      reject(error);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

async function main() {
  const [option, ...command] = process.argv.slice(2);
  if (option !== '--run' || command.length === 0) {
    process.stderr.write('usage: real_servers.mjs --run COMMAND [ARGUMENT...]\n');
    process.exit(2);
  }
  const directory = mkdtempSync(join(tmpdir(), 'reqivo-real-servers-'));
  // Whatever ends this process takes the servers and their files with it.
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, async () => {
      await stopAll();
      process.exit(128 + constants.signals[signal]);
    });
  }
  let code = 1;
  try {
    const [nginx, httpbin] = await Promise.all([startNginx(directory), startHttpbin(directory)]);
    await httpbinAnswers(httpbin);
    code = await runCommand(command, {
      nginx: `http://127.0.0.1:${nginx.plainPort}`,
      nginx_tls: `https://localhost:${nginx.tlsPort}`,
      httpbin: `http://127.0.0.1:${httpbin}`,
      ca_file: join(directory, 'certificate.pem'),
    });
  } catch (error) {
    process.stderr.write(`real servers: ${error.message}\n`);
  }
  await stopAll();
  process.exit(code);
}

await main();
