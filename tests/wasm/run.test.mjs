// The runner itself, with programs in JavaScript that act like Emscripten's and Catch2's.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { isAboutFetch } from './browser_host.mjs';
import { Report } from './report.mjs';
import { checkSkips, updateSkips } from './skips.mjs';

const runner = fileURLToPath(new URL('./run.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'reqivo-run-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const passed = '<OverallResult success="true" skips="0"/>';
const failed = '<OverallResult success="false" skips="0"/>';
const skipped = '<Skip filename="a" line="1"> the wasm backend lacks wings </Skip>'
  + '<OverallResult success="true" skips="1"/>';
let programs = 0;

// A module whose `main` is `body`; there, begin, end and exit speak for Catch2.
function makeProgram(body) {
  const file = join(folder, `program_${++programs}.mjs`);
  writeFileSync(file, `export default async function (module) {
    let write;
    const files = { '/report.xml': '<testsuites/>' };
    module.ENV = {};
    module.FS = {
      createDevice: (parent, name, input, output) => { write = output; },
      readFile: (path) => files[path],
    };
    for (const run of module.preRun) run(module);
    const send = (xml) => { for (const byte of new TextEncoder().encode(xml)) write(byte); };
    const begin = (name) => send('<TestCase name="' + name + '" filename="a" line="1">');
    const end = (inner) => send(inner + '</TestCase>');
    const exit = (code) => module.onExit(code);
    ${body}
  }\n`);
  return file;
}

async function run(body, { words = [], environment = {}, signalAt = null } = {}) {
  const child = spawn(process.execPath,
    [runner, '--target', 'node', '--program', makeProgram(body), ...words],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => {
      output += part;
      if (signalAt === null || !output.includes(signalAt)) return;
      signalAt = null;
      child.kill('SIGTERM');
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

describe('the runner', () => {
  it('counts what passed and shows what was printed', async () => {
    const { code, output } = await run(`begin('a -> &quot;b'); module.print('hello');
      end('${passed}'); exit(0);`);
    assert.match(output, /^hello$/m);
    assert.match(output, /^node: 1 passed, 0 failed, 0 skipped$/m);
    assert.equal(code, 0);
  });

  it('gives the program the variables that are Reqivo\'s, and its arguments', async () => {
    const { output } = await run(`begin('a'); end('${passed}');
      module.print(JSON.stringify([module.ENV.REQIVO_X, module.ENV.PATH ?? null]));
      module.print(module.arguments.slice(2, 4).join(' ')); exit(0);`,
    { environment: { REQIVO_X: 'y' }, words: ['--', '--order', 'decl'] });
    assert.match(output, /^\["y",null\]$/m);
    assert.match(output, /^--order decl$/m);
  });

  it('fails for a failed test and names it', async () => {
    const { code, output } = await run(`begin('a'); end('${failed}'); exit(42);`);
    assert.match(output, /0 passed, 1 failed, 0 skipped\n {2}failed: a\n/);
    assert.equal(code, 1);
  });

  it('keeps the program\'s JUnit report, or writes one where the program broke', async () => {
    const file = join(folder, 'junit.xml');
    await run(`begin('a'); end('${passed}'); exit(0);`, { words: ['--junit', file] });
    assert.equal(readFileSync(file, 'utf8'), '<testsuites/>');
    await run('begin(\'b\'); module.onAbort(\'why\');', { words: ['--junit', file] });
    assert.match(readFileSync(file, 'utf8'), /name="b"><error message="aborted why/);
  });

  const table = join(folder, 'skips.json');
  const skips = (tests) => writeFileSync(table,
    JSON.stringify([{ reason: 'wings', targets: ['node'], tests }]));

  it('lets a test be skipped by a row of the table only', async () => {
    skips(['a']);
    const body = `begin('a'); end('${skipped}'); begin('b'); end('${passed}'); exit(0);`;
    const good = await run(body, { words: ['--skips', table] });
    assert.match(good.output, /skipped: a \(the wasm backend lacks wings\)/);
    assert.equal(good.code, 0);
    const bad = await run(body);
    assert.match(bad.output, /skipped without a row: a/);
    assert.equal(bad.code, 1);
  });

  it('fails for a row that skipped nothing', async () => {
    skips(['a', 'b']);
    const { code, output } = await run(
      `begin('a'); end('${skipped}'); begin('b'); end('${passed}'); exit(0);`,
      { words: ['--skips', table] });
    assert.match(output, /a row for what was not skipped: b \(wings\)/);
    assert.equal(code, 1);
  });

  it('prints a ready-made table', async () => {
    const { output } = await run(`begin('a'); end('${skipped}'); exit(4);`,
      { words: ['--write-skips'] });
    assert.match(output, /"reason": "wings",\s+"targets": \[\s+"node"\s+\],\s+"tests": \[\s+"a"/);
  });

  const broken = {
    'an abort': ['module.onAbort(\'why\');', /aborted why\n {4}while running: a/],
    'a trap': ['new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, '
      + '1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 5, 1, 3, 0, 0, 11])));',
    /RuntimeError: unreachable/],
    'the end of the process': ['process.exit(3);', /the process ended: exit code 3\n.*: a/],
    'an unhandled rejection': [`Promise.reject(new Error('left')); end('${passed}'); exit(0);`,
      /unhandled rejection: Error: left/],
    'a rejection after the end': [
      `end('${passed}'); exit(0); setTimeout(() => Promise.reject(new Error('late')), 5);`,
      /unhandled rejection: Error: late/],
    'an uncaught error': [`setTimeout(() => { throw new Error('thrown'); });
      setTimeout(() => { end('${passed}'); exit(0); }, 20);`, /uncaught error: Error: thrown/],
    'an error on the console': [`console.error('bad', 1); end('${passed}'); exit(0);`,
      /console\.error: bad 1/],
    'an exit in the middle': ['exit(0);', /exited with code 0 in the middle of: a/],
    'an exit code without a failed test': [`end('${passed}'); exit(7);`, /exit code 7, though/],
  };
  for (const [what, [body, expected]] of Object.entries(broken)) {
    it(`fails for ${what}`, async () => {
      const { code, output } = await run(`begin('a'); ${body}`);
      assert.match(output, expected);
      assert.equal(code, 1);
    });
  }

  it('fails where no test ran', async () => {
    const { code, output } = await run('exit(2);');
    assert.match(output, /no test ran \(exit code 2\)/);
    assert.equal(code, 1);
  });

  it('ends a program that spins, and names the test and what was printed', async () => {
    const { code, output } = await run('begin(\'a\'); module.print(\'before\'); for (;;);',
      { words: ['--timeout', '2'] });
    assert.match(output, /^before$[\s\S]*no end after 2 s\n {4}while running: a/m);
    assert.equal(code, 1);
  });

  it('ends a program that is silent', async () => {
    const { code, output } = await run('begin(\'a\'); setInterval(() => {}, 1000);',
      { words: ['--silence', '1'] });
    assert.match(output, /silent for 1 s\n {4}while running: a/);
    assert.equal(code, 1);
  });

  it('ends with its program when it is told to stop', async () => {
    const { code, output } = await run(
      'module.print(`pid ${process.pid}`); begin(\'a\'); for (;;);', { signalAt: 'pid' });
    assert.equal(code, 143);
    const pid = Number(/pid (\d+)/.exec(output)[1]);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});

describe('the table of skips', () => {
  const skip = (name) => ({ name, outcome: 'skipped', reasons: ['the wasm backend lacks wings'] });

  it('allows by pattern, and a worker what its place may skip', () => {
    const rows = [{ reason: 'wings', targets: ['firefox'], tests: ['it * (fast)'] }];
    assert.deepEqual(checkSkips(rows, 'firefox-worker', [skip('it flies (fast)')]), []);
    assert.equal(checkSkips(rows, 'chromium', [skip('it flies (fast)')]).length, 1);
  });

  it('is updated for the target that ran and for the tests that ran', () => {
    const rows = [{ reason: 'wings', targets: ['firefox', 'node'], tests: ['a', 'other'] }];
    const ran = [{ name: 'a', outcome: 'passed', reasons: [] }, skip('b')];
    assert.deepEqual(updateSkips(rows, 'node', ran), [
      { reason: 'wings', targets: ['firefox', 'node'], tests: ['other'] },
      { reason: 'wings', targets: ['firefox'], tests: ['a'] },
      { reason: 'wings', targets: ['node'], tests: ['b'] },
    ]);
  });
});

describe('the parts', () => {
  it('read a report that comes in pieces of any size', () => {
    const xml = `<TestCase name="a &lt; b > c">${skipped}</TestCase><TestCase name="d">`;
    for (const size of [1, 7, xml.length]) {
      const report = new Report();
      for (let at = 0; at < xml.length; at += size) report.add(xml.slice(at, at + size));
      assert.deepEqual(report.tests, [{
        name: 'a < b > c', outcome: 'skipped', reasons: ['the wasm backend lacks wings'],
      }]);
      assert.equal(report.running, 'd');
    }
  });

  it('tell the browser\'s lines about a fetch from its others', () => {
    const text = 'Access to fetch at \'http://a/\' from origin \'http://b\' has been blocked by '
      + 'CORS policy: no header';
    assert.ok(isAboutFetch({ source: 'network', text: 'Failed to load resource' }));
    assert.ok(isAboutFetch({ source: 'worker', text }));
    const redirected = text.replace('from origin', '(redirected from \'http://c/\') from origin');
    assert.ok(isAboutFetch({ source: 'javascript', text: redirected }));
    assert.ok(!isAboutFetch({ source: 'security', text }));
    assert.ok(!isAboutFetch({ source: 'javascript', text: 'Uncaught Error' }));
  });
});
