// Runs a command beside servers that we did not write: nginx, plain and over TLS, and httpbin under
// gunicorn.
//
//   node tests/native/real_servers.mjs --run COMMAND [ARGUMENT...]
//
// The command gets REQIVO_REAL_SERVERS, a JSON object: nginx, nginx_tls and httpbin are origins,
// ca_file is the PEM file to trust. Exit code: the command's; 128 + N for signal N. Loopback only,
// everything private to one run.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { fetchText, patternBytes, startNginx, stop } from '../support/nginx.mjs';

const startTimeout = 20_000;
const largeSize = 8 * 1024 * 1024;

// Debian's httpbin belongs to Debian's Python, whatever else is first on PATH.
const python = '/usr/bin/python3';

const running = new Set();

function watch(child) {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

function start(command, args, options) {
  const child = spawn(command, args, options);
  watch(child);
  return child;
}

function makeFiles(directory) {
  const files = join(directory, 'files');
  mkdirSync(join(files, 'directory'), { recursive: true });
  writeFileSync(join(files, 'hello.txt'), 'Hello from nginx.\n');
  writeFileSync(join(files, 'large.bin'), patternBytes(largeSize));
  writeFileSync(join(files, 'lines.txt'), 'a line that is easily compressed\n'.repeat(10_000));
  writeFileSync(join(files, 'directory', 'index.html'), '<!doctype html><title>index</title>\n');
}

// sub_filter drops the Content-Length, so that nginx sends chunks.
const nginxConfiguration = {
  events: 'worker_connections 512;',
  http: `
  types { text/plain txt; text/html html; }
  client_max_body_size 1m;
  absolute_redirect off;`,
  server: `
    ssl_protocols TLSv1.2 TLSv1.3;
    location = /connection {
      return 200 "$connection $connection_requests $ssl_protocol $ssl_session_reused";
    }
    location = /moved { return 301 /hello.txt; }
    location = /accept-encoding { return 200 "$http_accept_encoding"; }
    location /chunked/ { alias files/; sub_filter_types *; sub_filter "not in any file" ""; }
    location /gzip/ { alias files/; gzip on; gzip_types *; gzip_min_length 0; }
    location = /close { keepalive_timeout 0; return 200 "closing"; }
    location = /no-content { return 204; }`,
};

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
    makeFiles(directory);
    const [nginx, httpbin] = await Promise.all([
      startNginx(directory, nginxConfiguration, watch), startHttpbin(directory),
    ]);
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
