// The embedded test server: starts every listener, prints one line of JSON that says where they
// are, and serves until it is told to stop. See README.md.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

import { createApp } from './app.mjs';
import { makeCertificates } from './certificates.mjs';
import { Ledger } from './control.mjs';
import { findClosedPort, openPlain, openSecure, openTlsVariants } from './listeners.mjs';
import { openRaw, openRawSecure } from './raw.mjs';

const idleLimit = 30 * 60 * 1000;

function parseArguments(words) {
  const options = { workDir: tmpdir(), exitWithParent: false, command: null };
  for (let index = 0; index < words.length; ++index) {
    if (words[index] === '--work-dir' && index + 1 < words.length) {
      options.workDir = words[++index];
    } else if (words[index] === '--exit-with-parent') {
      options.exitWithParent = true;
    } else if (words[index] === '--run' && index + 1 < words.length) {
      options.command = words.slice(index + 1);
      return options;
    } else {
      process.stderr.write('usage: main.mjs [--work-dir DIR] [--exit-with-parent] '
        + '[--run COMMAND [ARGUMENT...]]\n');
      process.exit(2);
    }
  }
  return options;
}

async function start(directory, ledger) {
  const origins = {};
  const context = { ledger, origins };
  const app = createApp(context);
  const [certificates, plain, other, raw, closedPort] = await Promise.all([
    makeCertificates(directory),
    openPlain(app, ledger, 'http', true),
    openPlain(app, ledger, 'other_origin', false),
    openRaw(ledger),
    findClosedPort(),
  ]);
  origins.http = `http://127.0.0.1:${plain}`;
  origins.otherOrigin = `http://127.0.0.1:${other}`;
  const [secure, rawSecure, variants] = await Promise.all([
    openSecure(app, ledger, 'https', certificates.good),
    openRawSecure(ledger, certificates.good),
    openTlsVariants(app, ledger, certificates),
  ]);
  return {
    http: origins.http,
    https: `https://localhost:${secure}`,
    other_origin: origins.otherOrigin,
    raw: `http://127.0.0.1:${raw}`,
    raw_tls: `https://localhost:${rawSecure}`,
    ca_file: certificates.caFile,
    tls: variants,
    client_cert_file: certificates.clientCertFile,
    client_key_file: certificates.clientKeyFile,
    closed_port: closedPort,
  };
}

function stopWhenIdle(ledger, exitCode) {
  const timer = setTimeout(() => process.exit(exitCode), idleLimit);
  ledger.onActivity = () => timer.refresh();
}

function stopWithParent() {
  const stop = () => process.exit(0);
  process.stdin.on('end', stop);
  process.stdin.on('error', stop);
  process.stdin.resume();
}

// Runs the command beside the server and ends with its exit code; the server ending first, for
// whatever reason, ends the command.
function runCommand(command, ready) {
  const line = JSON.stringify(ready);
  const child = spawn(command[0], command.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, REQIVO_TEST_SERVER: line, REQIVO_SERVER_URL: ready.http },
  });
  child.on('error', (error) => {
    process.stderr.write(`cannot run ${command[0]}: ${error.message}\n`);
    process.exit(127);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  process.on('exit', () => child.kill('SIGTERM'));
}

async function main() {
  const options = parseArguments(process.argv.slice(2));
  mkdirSync(options.workDir, { recursive: true });
  const directory = mkdtempSync(join(options.workDir, 'reqivo-test-server-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  process.on('SIGTERM', () => process.exit(options.command === null ? 0 : 143));
  process.on('SIGINT', () => process.exit(options.command === null ? 0 : 130));
  const ledger = new Ledger();
  const ready = await start(directory, ledger);
  stopWhenIdle(ledger, options.command === null ? 0 : 124);
  if (options.command !== null) {
    runCommand(options.command, ready);
    return;
  }
  if (options.exitWithParent) stopWithParent();
  // A parent that has closed our output still has a server; only the line was for it.
  process.stdout.on('error', () => {});
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

await main();
