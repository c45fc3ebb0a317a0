// node check_libcxx.mjs BUILD_DIRECTORY: fails if the library or an example does not compile by clang
// 16 and against libc++, which no build of ours takes: its syntax alone, so that no library of theirs
// is needed. Both have refused what the other compilers and libstdc++ let pass.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const compiler = 'clang++-16';
const flags = ['-stdlib=libc++', '-std=c++20', '-fsyntax-only', '-Wall', '-Wextra', '-Werror'];
const run = promisify(execFile);

// What the build compiles, as [file, where its headers are and what is defined for it].
function sources(buildDirectory) {
  const commands = JSON.parse(readFileSync(join(buildDirectory, 'compile_commands.json'), 'utf8'));
  return commands.filter(({ file }) => /\/(src|examples)\/[a-z0-9_/]+\.cpp$/.test(file) &&
    !file.startsWith(buildDirectory)).map(({ file, command }) =>
    [file, (command.match(/(?<= )(-isystem \S+|-[ID]\S+)/g) ?? []).flatMap((word) => word.split(' '))]);
}

async function check([file, words]) {
  try {
    await run(compiler, [...flags, ...words.map((word) => word.replaceAll('\\"', '"')), file]);
    return true;
  } catch (error) {
    console.log(error.stderr || error.message);
    return false;
  }
}

async function checkAll(queue) {
  let failed = 0;
  const work = async () => {
    while (queue.length > 0) failed += await check(queue.pop()) ? 0 : 1;
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return failed;
}

async function isThere() {
  const version = await run(compiler, [...flags, '-x', 'c++', '-include', 'string', '/dev/null']).catch(() => null);
  return version !== null;
}

if (!await isThere()) {
  console.log(`there is no ${compiler} with libc++: toolchains/setup test installs them where it can`);
  process.exit(77);
}
const queue = sources(process.argv[2]);
if (queue.length < 50) {
  console.log(`only ${queue.length} sources found`);
  process.exit(1);
}
console.log(`${queue.length} sources`);
const failed = await checkAll(queue);
console.log(`${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
