// toolchains/failed-tests.mjs tells what failed, and only that.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../toolchains/failed-tests.mjs', import.meta.url));
const ruler = '-'.repeat(79);
const dots = '.'.repeat(79);

const skipped = `${ruler}\na skipped one\n${ruler}\na.cpp:1\n${dots}\n\na.cpp:2: SKIPPED:\n`;
const failed = `${ruler}\na failed one\n${ruler}\nb.cpp:1\n${dots}\n\nb.cpp:2: FAILED:\n  CHECK( 1 &lt; 0 )\n`;

const testCase = (name, status, output) =>
  `<testcase name="${name}" classname="${name}" time="1" status="${status}">\n`
  + `<system-out>${output}</system-out>\n</testcase>\n`;

function told(...cases) {
  const folder = mkdtempSync(join(tmpdir(), 'reqivo-failed-tests-'));
  try {
    const report = join(folder, 'tests.xml');
    writeFileSync(report, `<testsuite>${cases.join('')}</testsuite>`);
    return execFileSync(process.execPath, [script, join(folder, 'missing.xml'), report], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('nothing is said where nothing failed', () => {
  assert.equal(told(testCase('well', 'run', skipped)), '');
});

test('of a failed test only the failed parts are told', () => {
  const text = told(testCase('well', 'run', skipped), testCase('broken', 'fail', skipped + failed + skipped));
  assert.match(text, /-- broken/);
  assert.match(text, /a failed one\nb\.cpp:1\n\nb\.cpp:2: FAILED:\n {2}CHECK\( 1 < 0 \)/);
  assert.doesNotMatch(text, /skipped one|well/);
});

test("a runner's own failures are told", () => {
  const text = told(testCase('broken', 'fail', `${skipped}firefox: 1 failed\n  failed: its name\n  problem: it hung\n`));
  assert.match(text, /failed: its name\n {2}problem: it hung/);
});

test('the last lines are told where nothing else says why', () => {
  const lines = Array.from({ length: 100 }, (_, line) => `line ${line}`);
  const text = told(testCase('broken', 'fail', lines.join('\n')));
  assert.match(text, /line 99\n$/);
  assert.doesNotMatch(text, /line 50\n/);
});
