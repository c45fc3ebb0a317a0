// The table of what may be skipped where. A row: {reason, targets, tests}; see README.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

// A row names a capability, where tests skip by tests/support/capability.hpp, or a whole message.
const capability = /^the \w+ backend lacks (\w+)$/;

const reasonOf = (message) => capability.exec(message)?.[1] ?? message;

// A worker may skip what its page, or Node, may skip.
const placeOf = (target) => target.replace(/-worker$/, '');

function matches(pattern, name) {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`).test(name);
}

const isListOfTexts = (list) =>
  Array.isArray(list) && list.length > 0 && list.every((text) => typeof text === 'string');

export function readSkips(file) {
  const rows = JSON.parse(readFileSync(file, 'utf8'));
  for (const row of rows) {
    const { reason, targets, tests } = row;
    if (typeof reason === 'string' && isListOfTexts(targets) && isListOfTexts(tests)) continue;
    throw new Error(`${file}: not a row of {reason, targets, tests}: ${JSON.stringify(row)}`);
  }
  return rows;
}

// What is wrong between the table and what ran: one line each. Programs share the table and may run
// a part of their tests, so a name counts where it ran.
export function checkSkips(rows, target, tests) {
  const here = rows.filter(({ targets }) => targets.includes(placeOf(target)))
    .flatMap((row) => row.tests.map((pattern) => ({ reason: row.reason, pattern, used: false })));
  const problems = [];
  for (const { name, outcome, reasons } of tests) {
    for (const message of outcome === 'skipped' ? reasons : []) {
      const cells = here.filter(({ reason, pattern }) =>
        [message, reasonOf(message)].includes(reason) && matches(pattern, name));
      for (const cell of cells) cell.used = true;
      if (cells.length === 0) problems.push(`skipped without a row: ${name} (${message})`);
    }
  }
  for (const { pattern, reason, used } of here) {
    if (used || !tests.some(({ name }) => matches(pattern, name))) continue;
    problems.push(`a row for what was not skipped: ${pattern} (${reason})`);
  }
  return problems;
}

// The table with what this run skipped in place of what it said of the tests that ran here.
export function updateSkips(rows, target, tests) {
  const place = placeOf(target);
  const cells = new Map();
  const add = (reason, test, where) => {
    const key = JSON.stringify([reason, test]);
    cells.set(key, (cells.get(key) ?? new Set()).add(where));
  };
  for (const row of rows) {
    for (const pattern of row.tests) {
      const ran = tests.some(({ name }) => matches(pattern, name));
      row.targets.filter((where) => !ran || where !== place)
        .forEach((where) => add(row.reason, pattern, where));
    }
  }
  for (const { name, outcome, reasons } of tests) {
    for (const message of outcome === 'skipped' ? reasons : []) add(reasonOf(message), name, place);
  }
  const table = new Map();
  for (const [key, places] of cells) {
    const [reason, test] = JSON.parse(key);
    const row = JSON.stringify([reason, [...places].sort()]);
    table.set(row, [...(table.get(row) ?? []), test]);
  }
  return [...table].sort(([a], [b]) => (a < b ? -1 : 1)).map(([row, names]) => {
    const [reason, targets] = JSON.parse(row);
    return { reason, targets, tests: names.sort() };
  });
}

// Rewrites `file`, or prints the table where there is none.
export function writeSkips(file, target, tests) {
  const rows = file !== null && existsSync(file) ? readSkips(file) : [];
  const text = `${JSON.stringify(updateSkips(rows, target, tests), null, 2)}\n`;
  if (file === null) process.stdout.write(text);
  else writeFileSync(file, text);
}
