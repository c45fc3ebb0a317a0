// node --test programs.test.mjs: how programs end under Node. REQIVO_WASM_PROGRAMS names their folder.

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';

const folder = path.resolve(process.env.REQIVO_WASM_PROGRAMS);
const variants = ['', '_suspending', '_exiting'];

function run(name) {
  const program = path.join(folder, `program_${name}.js`);
  const { status, signal, stdout, stderr } =
    spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 20_000 });
  return { status, signal, lines: stdout.trimEnd().split('\n'), stderr };
}

for (const variant of [...variants, '_closure', '_files']) {
  test(`the process ends with the task's exit code (exit_code${variant})`, () => {
    const { status, lines, stderr } = run(`exit_code${variant}`);
    assert.deepEqual({ status, lines, stderr }, { status: 7, lines: ['done'], stderr: '' });
  });
}

for (const variant of variants) {
  test(`what a program has left going on ends with it (leaves_work${variant})`, () => {
    const { status, signal, lines, stderr } = run(`leaves_work${variant}`);
    assert.deepEqual({ status, signal, lines, stderr },
      { status: 4, signal: null, lines: ['destroyed', 'destroyed', 'destroyed'], stderr: '' });
  });

  test(`an exception that leaves the program gives exit code 1 (throws${variant})`, () => {
    const { status, stderr } = run(`throws${variant}`);
    assert.equal(status, 1);
    assert.match(stderr, /^reqivo: the program ends with an exception: it went wrong\n$/);
  });

  test(`a program that nothing can finish says so and gives 1 (stuck${variant})`, () => {
    const { status, lines, stderr } = run(`stuck${variant}`);
    assert.match(stderr, /nothing left in the event loop/);
    assert.deepEqual({ status, lines }, { status: 1, lines: ['destroyed'] });
  });
}

const outlived = [['outlived', 7], ['outlived_at_once', 7], ['outlived_twice', 7], ['outlived_run', 0]];
for (const [name, exitCode] of outlived) {
  test(`the process ends with main, which has printed all (${name})`, () => {
    const { status, signal, lines, stderr } = run(name);
    assert.deepEqual({ status, signal, lines, stderr },
      { status: exitCode, signal: null, lines: ['the end'], stderr: '' });
  });
}

// Runs Node with these arguments and the URL of a server that answers by `answer`.
async function runWithServer(answer, words) {
  const server = http.createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await promisify(execFile)(process.execPath,
      [...words, `http://127.0.0.1:${server.address().port}/`], { timeout: 20_000 }).catch((end) => end);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test('memory that runs out while a body arrives fails the stream, and nothing else', async () => {
  const { stdout, stderr } = await runWithServer(
    ({ url }, response) => response.end(Buffer.alloc((url === '/' ? 1 : 48) * 1024 * 1024)),
    [path.join(folder, 'program_memory_full.js')]);
  const [first, second] = stdout.trimEnd().split('\n');
  assert.deepEqual({ first, stderr }, { first: 'limit_exceeded 1048576', stderr: '' });
  assert.match(second, /more_than_there_is failed while reading the response body: no memory$/);
});

test('a body above 2 GiB is sent as it is', async () => {
  const { stdout, stderr } = await runWithServer(
    (request, response) => request.pipe(response), [path.join(folder, 'program_memory_high.js')]);
  assert.deepEqual({ stdout, stderr },
    { stdout: `streamed 400000 200000\nwhole 200000 ${2 ** 32 - 1}\n`, stderr: '' });
});

test('a promise that is aborted and ends in one job does not end others with the program', async () => {
  const script = `
    (async () => {
      const module = await require(${JSON.stringify(path.join(folder, 'program_promised_exiting.js'))})();
      const loading = module.load(process.argv[1]);
      const controller = new AbortController();
      const passing = module.pass_gate(controller.signal);
      module.release();
      controller.abort(new Error('no longer wanted'));
      await passing.catch((error) => console.log('rejected', error.message));
      console.log(await loading);
    })();`;
  const { code, stdout, stderr } = await runWithServer(
    (request, response) => setTimeout(() => response.end('loaded'), 300), ['-e', script]);
  assert.deepEqual({ code, stdout, stderr }, { code: 5, stdout: 'rejected no longer wanted\nloaded\n', stderr: '' });
});

test('a body that a 304 seems to announce does not keep the process', async () => {
  const script = `require(${JSON.stringify(path.join(folder, 'program_promised.js'))})()
    .then((module) => module.load(process.argv[1])).then(console.log, console.log);`;
  const { code, stdout, stderr } = await runWithServer(({ socket }, response) => {
    socket.server.keepAliveTimeout = 0;
    response.writeHead(304, { 'Content-Length': 500 }).end();
  }, ['-e', script]);
  assert.deepEqual({ code, stdout, stderr }, { code: 5, stdout: '\n', stderr: '' });
});

test('what JavaScript waits for goes on when the program has ended', async () => {
  const script = `require(${JSON.stringify(path.join(folder, 'program_promised.js'))})()
    .then((module) => module.load(process.argv[1])).then(console.log, console.log);`;
  const { code, stdout, stderr } = await runWithServer(
    (request, response) => setTimeout(() => response.end('loaded'), 200), ['-e', script]);
  assert.deepEqual({ code, stdout, stderr }, { code: 5, stdout: 'loaded\n', stderr: '' });
});

for (const variant of ['', '_exiting']) {
  test(`a function that throws into a task harms no other one (callback${variant})`, async () => {
    const script = `
      process.on('uncaughtException', (error) => console.log('uncaught', error.message));
      const fail = (text) => () => { throw new Error(text); };
      (async () => {
        const module = await require(${JSON.stringify(path.join(folder, `program_callback${variant}.js`))})();
        await module.call(fail('at once')).catch((error) => console.log('rejected', error.message));
        const stack = module.stack_pointer();
        await module.call(fail('again')).catch(() => {});
        const controller = new AbortController();
        const stalled = module.load(process.argv[1] + 'stall', controller.signal);
        const loading = module.load(process.argv[1]);
        module.call_later(fail('later'));
        console.log(await loading);
        controller.abort(new Error('no longer wanted'));
        await stalled.catch((error) => console.log('rejected', error.message));
        console.log('stack lost', stack - module.stack_pointer());
        await module.load(process.argv[1], {}).catch((error) => console.log('rejected', error.name));
        console.log(await module.load(process.argv[1]));
        process.exit(0);
      })();`;
    const { stdout, stderr } = await runWithServer(({ url }, response) => {
      if (url === '/') response.end('loaded');
    }, ['-e', script]);
    assert.deepEqual({ lines: stdout.trimEnd().split('\n'), stderr }, {
      lines: ['rejected at once', 'uncaught later', 'loaded', 'rejected no longer wanted',
        'stack lost 0', 'rejected TypeError', 'loaded'],
      stderr: '',
    });
  });
}

test('a module whose program has ended leaves nothing with the process', () => {
  const script = `const make = require(${JSON.stringify(path.join(folder, 'program_promised.js'))});
    const count = () => process.listenerCount('exit') + process.listenerCount('beforeExit');
    const before = count();
    (async () => {
      for (let made = 0; made < 12; ++made) {
        await make();
        while (count() > before) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      console.log('ended', process.exitCode);
    })();`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 20_000 });
  assert.deepEqual({ stdout, stderr }, { stdout: 'ended 5\n', stderr: '' });
});

test('a detached task does not keep the process', () => {
  const { status, signal } = run('stays');
  assert.deepEqual({ status, signal }, { status: 3, signal: null });
});

test('run and the blocking session refuse in a build that cannot suspend', () => {
  const { status, lines } = run('run_refused');
  assert.equal(status, 0);
  assert.equal(lines.length, 3);
  assert.match(lines[0], /^refused: run\(\) is not supported by this build of the wasm backend/);
  assert.match(lines[1], /^refused: /);
  assert.equal(lines[2], 'cannot block');
});
