// node tests/web/drive.mjs BUILD_WEB_DIR --browser chromium|firefox [--artifacts DIR]: drives the
// demo page in that browser and keeps screenshots. Prints a line for each case and a summary,
// `N passed, M failed`; the exit code is 0, 1 where a case failed, 2 for a wrong command line.

import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { cases } from './cases.mjs';
import { openPage } from './open_page.mjs';

const limit = 280_000;

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { browser: { type: 'string' }, artifacts: { type: 'string' } },
      allowPositionals: true,
    });
    if (positionals.length === 1 && ['chromium', 'firefox'].includes(values.browser)) {
      return { folder: positionals[0], ...values };
    }
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
  }
  process.stderr.write(
    'usage: drive.mjs BUILD_WEB_DIR --browser chromium|firefox [--artifacts DIR]\n');
  process.exit(2);
}

async function judge(page, [name, check]) {
  const start = Date.now();
  let problems = [];
  try {
    await check(page);
  } catch (error) {
    problems.push(error.stack);
  }
  problems = [...problems, ...await page.takeProblems()];
  process.stdout.write(
    `${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${Date.now() - start} ms)\n`);
  for (const problem of problems) process.stdout.write(`  ${problem.replaceAll('\n', '\n  ')}\n`);
  return problems.length === 0;
}

const { folder, browser, artifacts } = readArguments();
if (artifacts) mkdirSync(artifacts, { recursive: true });
const pictures = artifacts ?? mkdtempSync(join(tmpdir(), 'reqivo-web-'));
const { page, close } = await openPage(folder, browser, pictures);
const watchdog = setTimeout(() => {
  process.stdout.write(`FAILED: not finished after ${limit / 1000} s\n`);
  process.exit(1);
}, limit);
const counts = { passed: 0, failed: 0, skipped: 0 };
try {
  for (const one of cases) {
    const [name, , only] = one;
    if (only && only.browser !== browser) {
      process.stdout.write(`skip   ${name}: ${only.reason}\n`);
      ++counts.skipped;
    } else {
      ++counts[await judge(page, one) ? 'passed' : 'failed'];
    }
  }
} finally {
  clearTimeout(watchdog);
  await close();
}
process.stdout.write(`${browser}: ${counts.passed} passed, ${counts.failed} failed, `
  + `${counts.skipped} skipped; screenshots in ${pictures}\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;
