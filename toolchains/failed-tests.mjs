// node toolchains/failed-tests.mjs REPORT...: what the failed tests of CTest's JUnit reports said, without what
// surrounds it: whole outputs are long, and logs of CI are cut. Prints nothing where nothing failed.
import { existsSync, readFileSync } from 'node:fs';

const ruler = /^([-.=~])\1{20,}$/;
const entities = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const mostLines = 60;

const unescape = (text) =>
  text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name) => entities[name]);

// Catch2 puts a test's name, its place and what failed in it between rulers.
function failedParts(output) {
  const parts = [];
  let part = { lines: [], failed: false };
  let heading = false;
  for (const line of output.split('\n')) {
    if (ruler.test(line)) {
      if (line.startsWith('-') && !heading) part = { lines: [], failed: false };
      heading = line.startsWith('-') && !heading;
      continue;
    }
    part.lines.push(line);
    if (!part.failed && /FAILED:|^not ok /.test(line)) {
      part.failed = true;
      parts.push(part);
    }
  }
  return parts.map(({ lines }) => lines.join('\n').trim());
}

// The lines that say why: those of the failed parts and of a runner's own, else the last ones.
function reason(output) {
  const own = output.split('\n').filter((line) => /^\s*(failed|problem): /.test(line));
  const found = [...failedParts(output), ...own].join('\n').split('\n');
  if (found.length > 1 || found[0] !== '') return found.slice(0, mostLines);
  return output.trimEnd().split('\n').slice(-mostLines / 2);
}

for (const report of process.argv.slice(2)) {
  if (!existsSync(report)) continue;
  const tests = readFileSync(report, 'utf8').matchAll(/<testcase name="([^"]*)"([^>]*)>([\s\S]*?)<\/testcase>/g);
  for (const [, name, attributes, inner] of tests) {
    if (!/status="fail"/.test(attributes)) continue;
    const output = unescape(/<system-out>([\s\S]*?)<\/system-out>/.exec(inner)?.[1] ?? '');
    process.stdout.write(`\n-- ${name} (${report})\n${reason(output).join('\n')}\n`);
  }
}
