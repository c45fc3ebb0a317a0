// node examples/run-demo.mjs NATIVE_BUILD_DIRECTORY [WASM_BUILD_DIRECTORY]
// Runs every example against the embedded server, natively and, where its build is named, as
// WebAssembly under Node; shows side by side what each printed, and sums up. A program that does not
// print the same on both sides has failed.
//
// The examples print nothing that differs from run to run (no times, ports or ids), so that no more
// than a comparison of texts is needed.

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
function platformsOf(nativeDirectory, wasmDirectory) {
  const program = (directory, name) => path.join(path.resolve(directory), 'examples', name);
  const platforms = [
    { name: 'native', command: ({ name }) => [program(nativeDirectory, name)] },
  ];
  if (wasmDirectory !== undefined) {
    const command = ({ name }) => [process.execPath, program(wasmDirectory, `${name}.js`)];
    platforms.push({ name: 'wasm', command });
  }
  return platforms;
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

// The texts as columns, each as wide as its longest line.
function sideBySide(titles, texts) {
  const columns = texts.map((text, index) => [titles[index], ...text.trimEnd().split('\n')]);
  const widths = columns.map((lines) => Math.max(...lines.map((line) => line.length)));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) => {
    const cells = columns.map((lines, index) => (lines[row] ?? '').padEnd(widths[index]));
    return `  ${cells.join('  |  ')}`.trimEnd();
  }).join('\n');
}

async function runExample(example, platforms, server) {
  process.stdout.write(`\n== ${example.pattern} (examples/${example.name}.cpp)\n`);
  const runs = [];
  for (const platform of platforms) {
    const begin = performance.now();
    const outcome = await run([...platform.command(example), server.http]);
    const seconds = (performance.now() - begin) / 1000;
    let failure = complaint(outcome, example);
    if (failure === null && runs.length > 0 && outcome.text !== runs[0].outcome.text) {
      failure = `did not print what ${platforms[0].name} printed`;
    }
    runs.push({ passed: failure === null, failure, seconds, outcome });
  }
  const texts = runs.map(({ outcome }) => outcome.text);
  if (platforms.length > 1) {
    process.stdout.write(`${sideBySide(platforms.map(({ name }) => name), texts)}\n`);
  } else {
    process.stdout.write(indent(texts[0]));
  }
  runs.forEach(({ outcome, failure }, index) => {
    if (outcome.errors !== '') process.stdout.write(indent(outcome.errors));
    if (failure !== null) process.stdout.write(`  FAILED: ${platforms[index].name} ${failure}\n`);
  });
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
  const directories = process.argv.slice(2);
  if (directories.length < 1 || directories.length > 2) {
    process.stderr.write(
      'usage: node examples/run-demo.mjs NATIVE_BUILD_DIRECTORY [WASM_BUILD_DIRECTORY]\n');
    return 2;
  }
  for (const directory of directories) {
    if (!existsSync(path.join(directory, 'examples'))) {
      process.stderr.write(`${directory} holds no built examples: run "make demo"\n`);
      return 2;
    }
  }
  const platforms = platformsOf(...directories);
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
