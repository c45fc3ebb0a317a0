// node with_closure.mjs COMMAND...: runs a command of Emscripten's with the Closure Compiler of
// package-lock.json, for `--closure 1`. Emscripten looks for one of its own otherwise.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findPackage } from './packages.mjs';

const compiler = join(findPackage('google-closure-compiler-linux'), 'compiler');
const [command, ...args] = process.argv.slice(2);
const { status, error } = spawnSync(command, args, {
  stdio: 'inherit',
  env: { ...process.env, EM_CLOSURE_COMPILER: compiler },
});
if (error) throw error;
process.exitCode = status ?? 1;
