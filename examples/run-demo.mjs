// node examples/run-demo.mjs BUILD_DIRECTORY
// Runs every example against the embedded server, shows what each printed, and sums up.
//
// The examples print nothing that differs from run to run (no times, ports or ids), so that what
// they print on one platform can be compared with what they print on another.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const timeLimit = 30_000;
const serverFile = fileURLToPath(new URL('../tests/server/main.mjs', import.meta.url));

// `marker` is a line that the program prints only where the pattern worked.
const examples = [
  { name: 'basic_request', pattern: 'A basic request', marker: 'the server read: hello, world' },
  {
    name: 'concurrent_gather',
    pattern: 'Three concurrent requests',
    marker: 'faster than one after the other: yes',
  },
  {
    name: 'return_exceptions',
    pattern: 'Concurrent requests that may fail',
    marker: 'failure: total_timeout',
  },
  { name: 'post_json', pattern: 'POST of JSON', marker: 'the server read: 2 x green tea' },
  { name: 'background_task', pattern: 'A background task', marker: 'report: 200' },
  { name: 'api_client', pattern: 'A client class of your own', marker: 'name: Ada' },
  { name: 'semaphore', pattern: 'Twenty requests, five at once', marker: 'most in flight: 5' },
  { name: 'streaming', pattern: 'Streaming in chunks of 256 bytes', marker: 'total: 1000 bytes' },
  {
    name: 'timeouts',
    pattern: 'Two ways to give up',
    marker: 'wait_for: gave up, and cancelled both requests',
  },
];

// Where the examples run: a column of the summary each. `command` gives the words that start one.
function platformsOf(buildDirectory) {
  return [
    { name: 'native', command: ({ name }) => [path.join(buildDirectory, 'examples', name)] },
  ];
}

const children = new Set();

function start(command, options) {
  const child = spawn(command[0], command.slice(1), options);
  children.add(child);
  child.on('close', () => children.delete(child));
  return child;
}

function stopEverything() {
  for (const child of children) child.kill('SIGTERM');
}

for (const [signal, number] of [['SIGINT', 2], ['SIGTERM', 15]]) {
  process.on(signal, () => {
    stopEverything();
    process.exit(128 + number);
  });
}

// Resolves to the server's ready line. The server ends with this process, which holds its input.
async function startServer() {
  const command = [process.execPath, serverFile, '--exit-with-parent'];
  const server = start(command, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(server, 'exit').then(() => [])]);
  if (line === undefined) throw new Error('the embedded server did not start');
  return JSON.parse(line);
}

// Resolves to how the program ended and all that it printed.
async function run(command) {
  const child = start(command, { stdio: ['ignore', 'pipe', 'pipe'], env: withoutProxies() });
  let text = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (part) => { text += part; });
  child.stderr.setEncoding('utf8').on('data', (part) => { errors += part; });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeLimit);
  try {
    const [code, signal] = await once(child, 'close');
    return { text, errors, code, signal, late };
  } catch (error) {
    return { text, errors: error.message, code: null, signal: null, late };
  } finally {
    clearTimeout(timer);
  }
}

// No proxy of the machine may come between a program and the server.
function withoutProxies() {
  const isProxy = ([name]) => /^(https?|all|no)_proxy$/i.test(name);
  return Object.fromEntries(Object.entries(process.env).filter((entry) => !isProxy(entry)));
}

// Why the run does not count as passed; null where it does.
function complaint({ text, code, signal, late }, { marker }) {
  if (late) return `not done after ${timeLimit / 1000} s`;
  if (signal !== null) return `ended by ${signal}`;
  if (code === null) return 'could not be started';
  if (code !== 0) return `exit code ${code}`;
  if (!text.split('\n').includes(marker)) return `did not print "${marker}"`;
  return null;
}

function indent(text) {
  return text.trimEnd().split('\n').map((line) => `  ${line}\n`).join('');
}

async function runExample(example, platforms, server) {
  process.stdout.write(`\n== ${example.pattern} (examples/${example.name}.cpp)\n`);
  const runs = [];
  for (const platform of platforms) {
    const begin = performance.now();
    const outcome = await run([...platform.command(example), server.http]);
    const seconds = (performance.now() - begin) / 1000;
    const failure = complaint(outcome, example);
    if (platforms.length > 1) process.stdout.write(` ${platform.name}:\n`);
    if (outcome.text !== '') process.stdout.write(indent(outcome.text));
    if (outcome.errors !== '') process.stdout.write(indent(outcome.errors));
    if (failure !== null) process.stdout.write(`  FAILED: ${failure}\n`);
    runs.push({ passed: failure === null, seconds });
  }
  return { name: example.name, runs };
}

function printSummary(results, platforms) {
  const nameWidth = Math.max(...examples.map(({ name }) => name.length)) + 2;
  const header = platforms.map(({ name }) => `${name.padEnd(8)} seconds`).join('   ');
  process.stdout.write(`\n${'program'.padEnd(nameWidth)}${header}\n`);
  for (const { name, runs } of results) {
    const cells = runs.map(({ passed, seconds }) =>
      `${(passed ? 'passed' : 'FAILED').padEnd(8)} ${seconds.toFixed(2).padStart(7)}`);
    process.stdout.write(`${name.padEnd(nameWidth)}${cells.join('   ')}\n`);
  }
  const all = results.flatMap(({ runs }) => runs);
  const passed = all.filter((one) => one.passed).length;
  process.stdout.write(`\n${passed} passed, ${all.length - passed} failed\n`);
  return passed === all.length;
}

async function main() {
  const [buildDirectory, ...others] = process.argv.slice(2);
  if (buildDirectory === undefined || others.length > 0) {
    process.stderr.write('usage: node examples/run-demo.mjs BUILD_DIRECTORY\n');
    return 2;
  }
  if (!existsSync(path.join(buildDirectory, 'examples'))) {
    process.stderr.write(`${buildDirectory} holds no built examples: run "make demo"\n`);
    return 2;
  }
  const platforms = platformsOf(path.resolve(buildDirectory));
  const server = await startServer();
  const results = [];
  for (const example of examples) results.push(await runExample(example, platforms, server));
  return printSummary(results, platforms) ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
} finally {
  stopEverything();
}
