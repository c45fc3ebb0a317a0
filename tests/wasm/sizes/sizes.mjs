// node sizes.mjs BUILD_FOLDER [--lower]: prints how large the programs are and fails where one is larger than
// budget.json allows. --lower writes what was measured into the budget, where it is less.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const programs = ['basic', 'basic_closure', 'basic_json', 'basic_json_closure']; // closure: --closure 1
const budgetFile = new URL('budget.json', import.meta.url);
const [folder, mode] = process.argv.slice(2);

const codings = {
  raw: (bytes) => bytes.length,
  gzip: (bytes) => gzipSync(bytes, { level: 9 }).length,
  brotli: (bytes) => brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }).length,
};

// Bytes of the .wasm and the .js together, by coding.
function measure(program) {
  const files = ['wasm', 'js'].map((type) => readFileSync(path.join(folder, `size_${program}.${type}`)));
  return Object.fromEntries(Object.entries(codings).map(([coding, size]) =>
    [coding, files.reduce((sum, bytes) => sum + size(bytes), 0)]));
}

const budget = JSON.parse(readFileSync(budgetFile, 'utf8'));
let failures = 0;
process.stdout.write(`${'program'.padEnd(20)}${['raw', 'gzip', 'brotli', 'budget (brotli)'].map((title) => title.padStart(16)).join('')}\n`);
for (const program of programs) {
  const sizes = measure(program);
  const allowed = budget[program];
  const cells = [sizes.raw, sizes.gzip, sizes.brotli, allowed].map((size) => String(size).padStart(16));
  process.stdout.write(`${program.padEnd(20)}${cells.join('')}\n`);
  if (mode === '--lower') budget[program] = Math.min(allowed, sizes.brotli);
  if (sizes.brotli > allowed) {
    failures += 1;
    process.stdout.write(`${program} is ${sizes.brotli - allowed} bytes over its budget\n`);
  }
}
if (mode === '--lower') writeFileSync(budgetFile, `${JSON.stringify(budget, null, 2)}\n`);
process.exitCode = failures === 0 ? 0 : 1;
