// What the demo page is tested for. A case is a name, a function of the page, which throws where
// the page is wrong, and maybe the only browser that can do it. They run in this order, in one
// page.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { findLowContrast } from './contrast.mjs';
import { frontCases } from './front_cases.mjs';
import { layoutCases } from './layout_cases.mjs';
import { openingCases } from './opening_cases.mjs';
import { serveProgram } from './open_page.mjs';
import { statusCases } from './status_cases.mjs';

const patternsFolder = new URL('../../web/patterns/', import.meta.url);

// By pattern: the result, and how the requests end. `midway`: runs in the page and tells when to
// take a picture of the run.
const patterns = {
  basic_request: {
    result: { 'content type': 'application/json', status: 200, 'the server read': 'hello, world' },
    outcomes: ['ok'],
  },
  concurrent_gather: {
    result: { answers: ['first', 'second', 'third'], 'faster than one after the other': true },
    outcomes: ['ok', 'ok', 'ok'],
    midway: (card) => card.querySelectorAll('[data-outcome="ok"]').length >= 1,
  },
  return_exceptions: {
    result: [200, 'http_status', 'total_timeout'],
    outcomes: ['ok', 'http_error', 'timeout'],
    midway: (card) => card.querySelectorAll('[data-outcome="ok"]').length >= 1,
  },
  post_json: {
    result: { 'sent as': 'application/json', 'the server read': '2 x green tea' },
    outcomes: ['ok'],
  },
  background_task: {
    result: { answer: 200 },
    outcomes: ['ok'],
    midway: (card) => card.querySelectorAll('[data-role="lines"] li').length >= 2,
  },
  api_client: { result: { 'signed in': true, name: 'Ada' }, outcomes: ['ok', 'ok'] },
  semaphore: {
    result: { pages: 20, 'most in flight': 5 },
    outcomes: Array(20).fill('ok'),
    midway: (card) => card.querySelectorAll('[data-outcome="ok"]').length >= 9,
  },
  streaming: {
    result: { bytes: 2560, chunks: 10 },
    outcomes: ['ok'],
    midway: (card) => /([4-9]|10) chunks/.test(card.textContent),
  },
  timeouts: {
    result: { request: 'total_timeout', wait_for: 'wait_timeout', afterwards: 200 },
    outcomes: ['timeout', 'cancelled', 'ok', 'ok'],
    midway: (card) => card.querySelectorAll('[data-outcome="ok"]').length >= 1,
  },
};
const names = Object.keys(patterns);

async function givesItsResult(page, name) {
  const { result, outcomes, midway } = patterns[name];
  await page.click(page.part(name, 'run'));
  if (midway) {
    await page.untilCard(name, midway);
    await page.keep(`${name}-running`, name);
  }
  assert.equal(await page.end(name), 'done');
  const { milliseconds, ...shown } = await page.result(name).then(
    (value) => (Array.isArray(value) ? { list: value } : value));
  assert.deepEqual(shown.list ?? shown, result);
  assert.deepEqual(await page.outcomes(name), outcomes);
  if (milliseconds !== undefined) assert.ok(milliseconds >= 1200);
  await page.keep(name, name);
}

async function showsTheCompiledSource(page) {
  for (const name of names) {
    const file = readFileSync(new URL(`${name}.cpp`, patternsFolder), 'utf8');
    assert.equal(await page.text(name, 'source'), file.trimEnd());
  }
}

async function showsHowManyRanAtOnce(page) {
  assert.match(await page.text('concurrent_gather', 'waterfall'), /3 requests, at most 3 at once/);
  assert.match(await page.text('semaphore', 'waterfall'), /20 requests, at most 5 at once/);
  assert.match(await page.text('api_client', 'waterfall'), /2 requests, at most 1 at once/);
}

async function tellsWhatCppCaught(page) {
  assert.match(await page.text('return_exceptions', 'lines'),
    /caught http_status in head.*caught total_timeout in head/s);
  assert.match(await page.text('timeouts', 'lines'), /caught wait_timeout/);
  assert.match(await page.text('background_task', 'lines'), /step 3 done, answer on its way/);
}

// Streams `path` with a tag, by which the server tells of the request.
async function stream(page, path) {
  const choice = page.part('streaming', 'choice');
  await page.tab.$eval(choice, (select, value) => select.add(new Option(value, value)), path);
  await page.tab.select(choice, path);
  await page.click(page.part('streaming', 'run'));
  await page.tab.$eval(choice, (select) => { select.selectedIndex = 0; });
}

async function streamsWithFlatMemory(page) {
  await stream(page, '/big/100000000?tag=flat');
  assert.equal(await page.end('streaming'), 'done');
  assert.deepEqual(await page.result('streaming'), { bytes: 100_000_000, chunks: 390_625 });
  const shown = await page.text('streaming', 'transfer');
  assert.match(shown, /100\sMB of 100\sMB.*\d\s[kM]B\/s.*390,625 chunks/s);
  const memory = Number(/wasm memory ([\d.]+)\sMB/.exec(shown)[1]);
  assert.ok(memory < 8, `the module uses ${memory} MB`);
}

async function cancelClosesTheConnection(page) {
  await stream(page, '/drip?numbytes=100000&duration=100&tag=cancel');
  await page.until((where) => /[1-9] chunks/.test(document.querySelector(where).textContent),
    page.part('streaming', 'transfer'));
  await page.click(page.part('streaming', 'cancel'));
  assert.equal(await page.end('streaming'), 'cancelled');
  assert.deepEqual(await page.outcomes('streaming'), ['cancelled']);
  await page.untilControl('tag/cancel', ({ aborted, closed }) => aborted === 1 && closed);
  await page.keep('streaming-cancelled', 'streaming');
}

function ofType(events, type) {
  return events.filter((event) => event.type === type);
}

// Cancels while that many requests are with the server, which has to see each of them go. One that
// it has just answered may be cancelled before its answer is here; none may end long after that.
async function cancelAbortsAll(page, name, count) {
  await page.control('reset', 'POST');
  await page.click(page.part(name, 'run'));
  await page.untilStarted(name, count);
  await page.untilControl('state', ({ events }) => ofType(events, 'request').length >= count);
  await page.click(page.part(name, 'cancel'));
  assert.equal(await page.end(name), 'cancelled');
  const outcomes = await page.outcomes(name);
  assert.ok(outcomes.every((outcome) => ['ok', 'cancelled'].includes(outcome)), String(outcomes));

  const { events } = await page.untilControl('state', (state) => {
    const ended = ['finished', 'aborted'].flatMap((type) => ofType(state.events, type));
    return ended.length === ofType(state.events, 'request').length;
  });
  const [firstAborted] = ofType(events, 'aborted');
  assert.ok(firstAborted, 'the server saw a request go');
  const late = ofType(events, 'finished').filter(({ at }) => at > firstAborted.at + 100);
  assert.deepEqual(late, [], 'all that was in flight was aborted');
  await page.keep(`${name}-cancelled`, name);
  assert.equal(await page.run(name), 'done', 'it runs again');
}

async function cancelsAtAnyMoment(page) {
  for (const wait of [0, 1, 2, 5, 10, 20, 50]) {
    const states = await page.tab.evaluate(async (pause) => {
      const cards = [...document.querySelectorAll('.card')];
      cards.forEach((card) => card.querySelector('[data-role="run"]').click());
      if (pause > 0) await new Promise((resolve) => { setTimeout(resolve, pause); });
      cards.forEach((card) => card.querySelector('[data-role="cancel"]').click());
      while (cards.some((card) => card.dataset.state === 'running')) {
        await new Promise((resolve) => { setTimeout(resolve, 1); });
      }
      return cards.map((card) => card.dataset.state);
    }, wait);
    assert.ok(states.every((state) => ['done', 'cancelled'].includes(state)), String(states));
    if (wait === 0) assert.ok(states.every((state) => state === 'cancelled'), String(states));
  }
  assert.equal(await page.run('basic_request'), 'done');
}

async function worksByKeyboard(page) {
  await page.tab.focus(page.part('semaphore', 'run'));
  await page.tab.keyboard.press('Enter');
  await page.untilStarted('semaphore', 5);
  await page.tab.keyboard.press('Tab');
  const focus = () => page.tab.evaluate(() => ({
    role: document.activeElement.dataset.role,
    outline: getComputedStyle(document.activeElement).outlineStyle,
  }));
  assert.deepEqual(await focus(), { role: 'cancel', outline: 'solid' });
  await page.tab.keyboard.press('Enter');
  assert.equal(await page.end('semaphore'), 'cancelled');
  assert.equal((await focus()).role, 'cancel', 'the focus stays');
}

async function showsFailures(page) {
  const messages = {};
  for (const index of [1, 2]) {
    await page.tab.evaluate((which) => {
      document.getElementById('server').selectedIndex = which;
    }, index);
    assert.equal(await page.run('basic_request'), 'failed');
    assert.deepEqual(await page.outcomes('basic_request'), ['failed']);
    messages[index] = await page.text('basic_request', 'error');
    await page.keep(`basic_request-failed-${index}`, 'basic_request');
  }
  await page.tab.evaluate(() => { document.getElementById('server').selectedIndex = 0; });
  for (const message of Object.values(messages)) {
    assert.match(message, /^NetworkErrorcodenetworkphase\w+retryable(true|false)messageGET http/);
  }
  assert.equal(await page.run('basic_request'), 'done');
  const hidden = await page.tab.$eval(page.part('basic_request', 'error'), (box) => box.hidden);
  assert.ok(hidden, 'the next run forgets the failure');
}

async function runsAll(page) {
  await page.click('#run-all');
  await page.until(() => document.getElementById('announcement').textContent === '9 done');
  assert.deepEqual(await Promise.all(names.map((name) => page.state(name))), Array(9).fill('done'));
}

// Starts all, and waits for the second. Its rows do not tell: they are there from the last run.
async function startsAll(page) {
  await page.click('#run-all');
  await page.untilCard('concurrent_gather', (card) => card.dataset.state === 'running');
}

async function stopsAll(page) {
  await startsAll(page);
  await page.click('#run-all');
  await page.until(() =>
    document.getElementById('announcement').textContent === '1 done, 1 cancelled');
  assert.equal(await page.tab.$eval('#run-all', (button) => button.textContent), 'Run all');
}

async function countsAllThatItStops(page) {
  await page.click(page.part('streaming', 'run'));
  await startsAll(page);
  await page.click('#run-all');
  await page.until(() =>
    document.getElementById('announcement').textContent === '1 done, 2 cancelled');
  assert.equal(await page.state('streaming'), 'cancelled');
}

// What was stopped must not go on beside what was started in the same moment.
async function restartsAll(page) {
  await startsAll(page);
  const started = await page.tab.evaluate(async (count) => {
    const starting = [];
    const observer = new MutationObserver((changes) => {
      const cards = changes.map(({ target }) => target).filter((element) =>
        element.matches('.card[data-state="running"]'));
      starting.push(...cards.map((card) => card.dataset.pattern));
    });
    observer.observe(document.getElementById('patterns'),
      { attributeFilter: ['data-state'], subtree: true });
    const button = document.getElementById('run-all');
    button.click();
    button.click();
    while (starting.length < count) await new Promise((resolve) => { setTimeout(resolve, 1); });
    observer.disconnect();
    return starting;
  }, 4);
  assert.deepEqual(started, names.slice(0, 4));
  assert.equal(await page.tab.$eval('#run-all', (button) => button.textContent), 'Stop');
  await page.click('#run-all');
  await page.until(() => document.getElementById('run-all').textContent === 'Run all');
}

async function runsAllWithOneRunning(page) {
  await page.click(page.part('concurrent_gather', 'run'));
  await page.untilStarted('concurrent_gather', 3);
  await runsAll(page);
}

async function fitsAPhone(page) {
  await page.resize(360);
  await runsAll(page);
  const overflow = await page.tab.evaluate(() => ({
    page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    cards: [...document.querySelectorAll('.card, .toolbar, .card button, .card select')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 4).length,
  }));
  assert.deepEqual(overflow, { page: 0, cards: 0 });
  await page.keep('phone');
  await page.resize(1360);
}

async function isReadable(page) {
  await page.tab.$eval('#inside', (details) => { details.open = true; });
  assert.deepEqual(await page.tab.evaluate(findLowContrast), []);
  await page.keep('whole');
}

async function isReadableIn(page, scheme) {
  await page.tab.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
  assert.deepEqual(await page.tab.evaluate(findLowContrast), []);
  await page.keep(`whole-${scheme}`);
  await page.tab.emulateMediaFeatures([]);
}

async function keepsCalm(page) {
  await page.tab.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }]);
  await page.click(page.part('concurrent_gather', 'run'));
  await page.untilStarted('concurrent_gather', 3);
  assert.equal(await page.tab.evaluate(() => document.getAnimations().length), 0);
  assert.equal(await page.end('concurrent_gather'), 'done');
  await page.tab.emulateMediaFeatures([]);
}

async function namesItsParts(page) {
  const controls = 'button, select, a, [tabindex="0"], progress';
  const nameless = await page.tab.$$eval(controls, (elements) => elements.filter((element) =>
    !element.textContent.trim() && !element.ariaLabel && !element.labels?.length).map(
    (element) => element.outerHTML));
  assert.deepEqual(nameless, []);
}

async function tellsItsPartsApart(page) {
  const roles = await page.tab.$$eval('pre', (boxes) => boxes.map((box) => box.role));
  assert.deepEqual(roles, Array(24).fill('group'));
  const titles = await page.tab.$$eval('.card h2', (all) => all.map((one) => one.textContent));
  const waterfalls = await page.tab.$$eval('.waterfall', (all) => all.map((one) => one.ariaLabel));
  assert.deepEqual(waterfalls, titles.map((title) => `Requests of ${title}`));
}

async function showsItsMarksInForcedColors(page) {
  const session = await page.tab.createCDPSession();
  await session.send('Emulation.setEmulatedMedia',
    { features: [{ name: 'forced-colors', value: 'active' }] });
  await page.run('timeouts');
  const style = (selector, property, pseudo) => page.tab.$eval(selector, (element, name, part) =>
    getComputedStyle(element, part)[name], property, pseudo);
  const canvas = await style('.card', 'backgroundColor');
  const marks = [await style('[data-outcome="ok"] .bar', 'backgroundColor'),
    await style('[data-outcome="timeout"] .bar', 'backgroundColor'),
    await style('.dot', 'backgroundColor'), await style('.dot-error', 'backgroundColor'),
    await style('#overview a[data-state="done"]', 'backgroundColor', '::before'),
    await style('progress', 'backgroundColor')];
  assert.ok(!marks.includes(canvas), String(marks));
  const [run, cancel] = ['run', 'cancel'].map((role) => page.part('timeouts', role));
  assert.notEqual(await style(cancel, 'color'), await style(run, 'color'));
  assert.notEqual(await style(cancel, 'borderColor'), await style(run, 'borderColor'));
  await page.keep('whole-forced-colors');
  await session.detach();
}

function servesOnlyOnAPort() {
  const { status, stderr } = spawnSync(process.execPath, [serveProgram, '.', '--port', '65536'],
    { encoding: 'utf8' });
  assert.match(stderr, /^usage: serve\.mjs .*\n$/);
  assert.equal(status, 2);
}

const onlyChromium = {
  browser: 'chromium',
  reason: 'WebDriver BiDi cannot ask Firefox for other media features',
};

export const cases = [
  ...names.map((name) => [`${name} gives its result`, (page) => givesItsResult(page, name)]),
  ['the source beside a pattern is its file', showsTheCompiledSource],
  ['the waterfall tells how many requests ran at once', showsHowManyRanAtOnce],
  ['what C++ caught is shown with code and phase', tellsWhatCppCaught],
  ['100 MB stream through a small memory', streamsWithFlatMemory],
  ['cancel closes the connection of a stream', cancelClosesTheConnection],
  ['cancel aborts the three requests of a gather',
    (page) => cancelAbortsAll(page, 'concurrent_gather', 3)],
  ['cancel aborts the five requests under a semaphore',
    (page) => cancelAbortsAll(page, 'semaphore', 5)],
  ['cancel works at any moment', cancelsAtAnyMoment],
  ['the page works by keyboard', worksByKeyboard],
  ['a failure is shown with its name, code and phase', showsFailures],
  ['Run all waits for what runs already', runsAllWithOneRunning],
  ...openingCases(names),
  ['Run all stops when it is pressed again', stopsAll],
  ['Stop counts what was started by hand too', countsAllThatItStops],
  ['Run all starts anew when it is pressed once more', restartsAll],
  ['the page fits a phone', fitsAPhone],
  ...frontCases,
  ...layoutCases,
  ...statusCases,
  ['all has enough contrast', isReadable],
  ['all has enough contrast in light', (page) => isReadableIn(page, 'light'), onlyChromium],
  ['all has enough contrast in dark', (page) => isReadableIn(page, 'dark'), onlyChromium],
  ['nothing is animated where motion is unwelcome', keepsCalm, onlyChromium],
  ['marks and disabled buttons are seen in forced colours', showsItsMarksInForcedColors,
    onlyChromium],
  ['every control has a name', namesItsParts],
  ['parts that look alike have names of their own', tellsItsPartsApart],
  ['serve.mjs takes no port that there is not', servesOnlyOnAPort],
];
