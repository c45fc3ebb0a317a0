// Runs a Catch2 program compiled by Emscripten on one target and judges it. See README.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { startInBrowser } from './browser_host.mjs';
import { startInNode } from './node_host.mjs';
import { Report, brokenJunit } from './report.mjs';
import { checkSkips, readSkips, writeSkips } from './skips.mjs';

const targets = ['node', 'chromium', 'firefox', 'node-worker', 'chromium-worker', 'firefox-worker'];
const usage = `usage: run.mjs --target ${targets.join('|')} --program PATH.mjs
  [--junit FILE] [--skips FILE] [--write-skips] [--timeout SECONDS] [--silence SECONDS]
  [-- CATCH2 ARGUMENTS]`;
const allTestsSkipped = 4;  // Catch2's exit code for it

function parseCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        target: { type: 'string' }, program: { type: 'string' }, junit: { type: 'string' },
        skips: { type: 'string' }, 'write-skips': { type: 'boolean', default: false },
        timeout: { type: 'string', default: '280' }, silence: { type: 'string', default: '120' },
      },
    });
    const times = [Number(values.timeout), Number(values.silence)];
    if (!targets.includes(values.target) || !values.program || !times.every((time) => time > 0)) {
      throw new Error('a target, a program, or a time is missing or not known');
    }
    const [timeout, silence] = times;
    return { ...values, timeout, silence, programArguments: positionals };
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}\n`);
    return process.exit(2);
  }
}

// One run: what it has said, and a promise of its end.
class Run {
  report = new Report();
  problems = [];
  code = null;   // the program's exit code, once it has ended by itself
  junit = null;
  #settle;
  #lastSign = Date.now();
  ended = new Promise((settle) => { this.#settle = settle; });

  handle(message) {
    if (this.#settle === null) return;
    this.#lastSign = Date.now();
    const handlers = {
      ready: () => {},
      output: ({ text }) => process.stdout.write(`${text}\n`),
      error_output: ({ text }) => process.stderr.write(`${text}\n`),
      progress: ({ xml }) => this.report.add(xml),
      problem: ({ text }) => this.complain(text),
      fatal: ({ text }) => this.fail(text),
      exit: ({ code, junit }) => {
        this.code = code;
        this.junit = junit;
        this.#end();
      },
    };
    handlers[message.kind](message);
  }

  complain(text) {
    const { running } = this.report;
    this.problems.push(running === null ? text : `${text}\n    while running: ${running}`);
  }

  fail(text) {
    if (this.#settle === null) return;
    this.complain(text);
    this.#end();
  }

  // Fails a run that does not end, or says nothing for too long. Returns what stops watching.
  watch(timeout, silence) {
    const start = Date.now();
    const timer = setInterval(() => {
      const now = Date.now();
      if (now - start >= timeout * 1000) this.fail(`no end after ${timeout} s`);
      else if (now - this.#lastSign >= silence * 1000) this.fail(`silent for ${silence} s`);
    }, 100);
    return () => clearInterval(timer);
  }

  #end() {
    this.#settle();
    this.#settle = null;
  }
}

function stopOnSignals(run, state) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      state.signal ??= signal;
      run.fail(`stopped by ${signal}`);
    });
  }
}

async function execute(options, run, state) {
  const [host, worker] = options.target.split('-');
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith('REQIVO_')));
  const configuration = {
    program: resolve(options.program),
    programName: basename(options.program, '.mjs'),
    programArguments: ['--colour-mode', process.stdout.isTTY ? 'ansi' : 'none',
      ...options.programArguments],
    // tests/support/capability.hpp tells platforms apart by it.
    environment: {
      ...environment, REQIVO_TEST_TARGET: host, REQIVO_NODE_MAJOR: process.versions.node.split('.')[0],
    },
  };
  const onMessage = (message) => run.handle(message);
  const stopWatching = run.watch(options.timeout, options.silence);
  stopOnSignals(run, state);
  const starting = host === 'node' ? startInNode(configuration, worker !== undefined, onMessage)
    : startInBrowser(host, configuration, worker !== undefined, onMessage);
  starting.catch((error) => run.fail(`cannot start: ${error.message}`));
  await run.ended;
  stopWatching();
  // A start that failed has cleaned up itself.
  await starting.then(({ stop }) => stop(), () => {});
}

function judge(run, options) {
  const { report, problems } = run;
  const failed = report.count('failed');
  const ended = run.code !== null;
  if (ended && report.running !== null) {
    problems.push(`the program exited with code ${run.code} in the middle of: ${report.running}`);
  } else if (ended && report.tests.length === 0) {
    problems.push(`no test ran (exit code ${run.code})`);
  } else if (ended && run.code !== 0 && failed === 0) {
    const onlySkips = report.tests.every(({ outcome }) => outcome === 'skipped');
    if (run.code !== allTestsSkipped || !onlySkips) {
      problems.push(`exit code ${run.code}, though no test failed`);
    }
  } else if (run.code === 0 && failed > 0) {
    problems.push('exit code 0, though a test failed');
  }
  if (options['write-skips']) {
    writeSkips(options.skips ?? null, options.target, report.tests);
  } else if (ended && problems.length === 0) {
    const rows = options.skips === undefined ? [] : readSkips(options.skips);
    problems.push(...checkSkips(rows, options.target, report.tests));
  }
  return problems.length === 0 && failed === 0;
}

function writeJunit(run, program, file) {
  const own = run.problems.length === 0 ? run.junit : null;
  writeFileSync(file, own ?? brokenJunit(program, run.report, run.problems));
}

function summarize(run, target) {
  const { report, problems } = run;
  const lines = [];
  for (const { name, outcome, reasons } of report.tests) {
    if (outcome === 'skipped') lines.push(`  skipped: ${name} (${reasons.join('; ')})`);
    if (outcome === 'failed') lines.push(`  failed: ${name}`);
  }
  lines.push(...problems.map((text) => `  problem: ${text}`));
  const counts = ['passed', 'failed', 'skipped'].map((outcome) =>
    `${report.count(outcome)} ${outcome}`).join(', ');
  const also = problems.length === 0 ? '' : `, problems: ${problems.length}`;
  process.stdout.write(`${[`${target}: ${counts}${also}`, ...lines].join('\n')}\n`);
}

async function main() {
  const options = parseCommandLine();
  const program = basename(options.program, '.mjs');
  if (options.skips !== undefined && !options['write-skips']) readSkips(options.skips);
  readFileSync(options.program);  // a clear error at once, not a page that cannot load
  const run = new Run();
  const state = { signal: null };
  await execute(options, run, state);
  const well = judge(run, options);
  if (options.junit !== undefined) writeJunit(run, program, options.junit);
  summarize(run, options.target);
  if (state.signal !== null) process.exitCode = 128 + constants.signals[state.signal];
  else process.exitCode = well ? 0 : 1;
}

await main();
