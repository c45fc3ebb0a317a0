// Catch2's XML report, read as it comes.

const attributes = '((?:\\s+[\\w-]+="[^"]*")*)';
const startOfTest = new RegExp(`<TestCase${attributes}\\s*>`, 'g');
const wholeTest = new RegExp(`<TestCase${attributes}\\s*>([\\s\\S]*?)</TestCase>`, 'g');
const entities = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

const unescape = (text) => text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name) => entities[name]);
const escape = (text) => text.replace(/[<>&"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

function attribute(text, name) {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(text);
  return found === null ? null : unescape(found[1]);
}

function readTest(head, body) {
  const result = /<OverallResult success="(true|false)" skips="(\d+)"/.exec(body);
  const reasons = [...body.matchAll(/<Skip\s[^>]*>([\s\S]*?)<\/Skip>/g)]
    .map(([, text]) => unescape(text).trim().replace(/\s+/g, ' '));
  let outcome = 'passed';
  if (result === null || result[1] === 'false') outcome = 'failed';
  else if (Number(result[2]) > 0) outcome = 'skipped';
  return { name: attribute(head, 'name'), outcome, reasons: [...new Set(reasons)] };
}

export class Report {
  tests = [];     // {name, outcome: 'passed' | 'failed' | 'skipped', reasons}
  running = null; // name of the test that has begun and not ended
  #text = '';

  add(xml) {
    this.#text += xml;
    let end = 0;
    for (const match of this.#text.matchAll(wholeTest)) {
      this.tests.push(readTest(match[1], match[2]));
      end = match.index + match[0].length;
    }
    this.#text = this.#text.slice(end);
    const begun = [...this.#text.matchAll(startOfTest)].at(-1);
    this.running = begun === undefined ? null : attribute(begun[1], 'name');
  }

  count(outcome) {
    return this.tests.filter((test) => test.outcome === outcome).length;
  }
}

// The JUnit report of a program that ended before it wrote its own, or failed beside its tests.
export function brokenJunit(program, report, problems) {
  const cases = report.tests.map(({ name, outcome, reasons }) => {
    const inner = { passed: '', failed: '<failure/>' }[outcome]
      ?? `<skipped message="${escape(reasons.join('; '))}"/>`;
    return `<testcase classname="${program}" name="${escape(name)}">${inner}</testcase>`;
  });
  const error = `<error message="${escape(problems.join('\n'))}"/>`;
  const broken = escape(report.running ?? 'the whole program');
  cases.push(`<testcase classname="${program}" name="${broken}">${error}</testcase>`);
  return '<?xml version="1.0" encoding="UTF-8"?>\n'
    + `<testsuites><testsuite name="${program}" errors="1" tests="${cases.length}">\n`
    + `${cases.join('\n')}\n</testsuite></testsuites>\n`;
}
