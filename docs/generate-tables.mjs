// node docs/generate-tables.mjs [--check]: writes the tables of docs/capabilities.md and docs/errors.md from
// tests/conformance/platform_table.hpp, which the tests hold every platform against. --check only compares.

import { readFileSync, writeFileSync } from 'node:fs';

const file = (path) => new URL(`../${path}`, import.meta.url);
const source = readFileSync(file('tests/conformance/platform_table.hpp'), 'utf8');
const platforms = ['native', 'Node', 'Chromium', 'Firefox'];

// The rows of the array of that name: the texts of each.
function rowsOf(array) {
  const [, body] = new RegExp(`${array}\\[\\] = \\{\\n([\\s\\S]*?)\\n\\};`).exec(source);
  return body.split('\n').map((line) => [...line.matchAll(/"([^"]*)"/g)].map(([, text]) => text));
}

function table(header, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |\n`;
  return line(header) + line(header.map(() => '---')) + rows.map(line).join('');
}

const capabilities = table(['member', 'means', ...platforms],
  rowsOf('abilities').map(([name, ...cells]) => [`\`${name}\``, ...cells]));
const failures = table(['failure', ...platforms],
  rowsOf('failures').map(([name, ...cells]) => [name, ...cells.map((cell) => {
    const [code, phase] = cell.split(' ');
    return cell === '-' ? 'no failure' : `\`${code}\`, ${phase}`;
  })]));

let stale = 0;
for (const [path, text] of [['docs/capabilities.md', capabilities], ['docs/errors.md', failures]]) {
  const old = readFileSync(file(path), 'utf8');
  const fresh = old.replace(/(<!-- table -->\n)[\s\S]*?(<!-- end of table -->)/, (_, begin, end) => begin + text + end);
  if (fresh === old && old.includes(text)) continue;
  if (process.argv[2] === '--check') {
    stale += 1;
    process.stdout.write(`${path} is not what docs/generate-tables.mjs makes of the tests\n`);
  } else {
    writeFileSync(file(path), fresh);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
