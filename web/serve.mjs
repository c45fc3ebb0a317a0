// node web/serve.mjs BUILD_WEB_DIR [--port N] [--exit-with-parent]: serves the demo page on
// loopback, with the embedded test server behind it, and prints the page's URL. It ends on SIGINT
// and SIGTERM, with the test server, and with --exit-with-parent at the end of standard input.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const testServer = fileURLToPath(new URL('../tests/server/main.mjs', import.meta.url));
// The test server ends by itself after half an hour without a request.
const wakeInterval = 10 * 60 * 1000;

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.cpp': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

function isPort(word) {
  return /^\d{1,5}$/.test(word) && Number(word) <= 65535;
}

function parseArguments(words) {
  const options = { folder: null, port: 0, exitWithParent: false };
  const rest = [...words];
  while (rest.length > 0) {
    const word = rest.shift();
    if (word === '--exit-with-parent') {
      options.exitWithParent = true;
    } else if (word === '--port' && isPort(rest[0] ?? '')) {
      options.port = Number(rest.shift());
    } else if (options.folder === null && !word.startsWith('-')) {
      options.folder = word;
    } else {
      return null;
    }
  }
  return options.folder === null ? null : options;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

async function startTestServer() {
  const child = spawn(process.execPath, [testServer, '--exit-with-parent'],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  child.on('exit', () => fail('serve.mjs: the test server has ended'));
  child.stdin.on('error', () => {});
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return JSON.parse(line);
}

// What the page is told: where its patterns may send their requests.
function makeConfiguration(folder, ready) {
  const sizes = join(folder, 'sizes.json');
  return {
    servers: [
      { name: 'the embedded test server', url: ready.http },
      { name: 'a port where nobody listens', url: `http://127.0.0.1:${ready.closed_port}` },
      { name: 'a server with a bad certificate', url: ready.tls.self_signed },
    ],
    sizes: existsSync(sizes) ? JSON.parse(readFileSync(sizes, 'utf8')) : null,
  };
}

function makeHeaders(configuration) {
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${configuration.servers.map((server) => server.url).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'Cache-Control': 'no-store',
    'Content-Security-Policy': policy.join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

// The file's bytes; null where the folder has no such file.
async function readPageFile(folder, pathname) {
  let path;
  try {
    path = normalize(decodeURIComponent(pathname));
  } catch {
    return null;
  }
  if (path.includes('\0') || path.split(sep).includes('..') || !types[extname(path)]) return null;
  return readFile(join(folder, path)).catch(() => null);
}

async function answer(request, response, folder, configuration, headers) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { ...headers, Allow: 'GET, HEAD' }).end();
    return;
  }
  const [asked] = request.url.split('?');
  const path = asked === '/' ? '/index.html' : asked;
  const content = path === '/config.json' ? JSON.stringify(configuration)
    : await readPageFile(folder, path);
  if (content === null) {
    response.writeHead(404, { ...headers, 'Content-Type': 'text/plain' }).end('not found\n');
    return;
  }
  response.writeHead(200, { ...headers, 'Content-Type': types[extname(path)] });
  response.end(request.method === 'HEAD' ? undefined : content);
}

async function main() {
  const options = parseArguments(process.argv.slice(2));
  if (!options) {
    process.stderr.write('usage: serve.mjs BUILD_WEB_DIR [--port N] [--exit-with-parent]\n');
    process.exit(2);
  }
  const { folder } = options;
  if (!existsSync(join(folder, 'index.html'))) fail(`serve.mjs: there is no page in ${folder}`);
  process.on('SIGINT', () => process.exit(0));
  process.on('SIGTERM', () => process.exit(0));
  if (options.exitWithParent) process.stdin.on('end', () => process.exit(0)).resume();

  const ready = await startTestServer();
  const configuration = makeConfiguration(folder, ready);
  const headers = makeHeaders(configuration);
  const server = http.createServer((request, response) => {
    answer(request, response, folder, configuration, headers);
  });
  server.on('error', (error) => fail(`serve.mjs: ${error.message}`));
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  setInterval(() => fetch(`${ready.http}/get`).catch(() => {}), wakeInterval);
  process.stdout.write(`The demo page is at http://127.0.0.1:${server.address().port}/\n`);
}

await main();
