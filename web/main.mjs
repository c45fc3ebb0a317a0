// The page: loads the module, makes a card for each pattern, and runs them one by one or all.

import { Card } from './card.mjs';
import { watchFetch } from './network.mjs';
import { patterns } from './patterns.mjs';
import { formatBytes } from './sizes.mjs';
import { dressSnippets } from './snippets.mjs';
import { fetchText, showSources } from './sources.mjs';

const main = document.getElementById('patterns');
const announcement = document.getElementById('announcement');
const loadingNotice = document.getElementById('loading');
const runAllButton = document.getElementById('run-all');
const serverChoice = document.getElementById('server');
// The run of all patterns that is under way: the ends, promised, of the runs that it counts.
let runOfAll = null;

function showFacts(sizes) {
  const facts = [['9', 'patterns, as in examples/']];
  if (sizes) {
    const total = sizes.reduce((sum, { brotli }) => sum + brotli, 0);
    const plain = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
    facts.push([formatBytes(total), `brotli, wasm and JS with JSON (${formatBytes(plain)} plain)`]);
  }
  facts.push(['0', 'frameworks, external resources, Asyncify']);
  document.getElementById('facts').append(...facts.map(([number, text]) => {
    const item = document.createElement('li');
    item.append(Object.assign(document.createElement('b'), { textContent: number }), ` ${text}`);
    return item;
  }));
}

function overviewItem(card) {
  const link = document.createElement('a');
  link.href = `#${card.pattern.name}`;
  link.textContent = card.pattern.title;
  link.dataset.state = 'idle';
  const item = document.createElement('li');
  item.append(link);
  card.overviewLink = link;
  return item;
}

function makeCards(module) {
  const onState = (card, state) => {
    card.overviewLink.dataset.state = state;
    announcement.textContent = ''; // the cards are no longer as it said
  };
  return patterns.map((pattern) => {
    const call = (reporter, signal, value) => {
      const more = value === undefined ? [] : [value];
      return module[pattern.name](serverChoice.value, reporter, signal, ...more);
    };
    return new Card(pattern, { call, onState, memoryBytes: () => module.memory_bytes() });
  });
}

// Stops the run of all, and with it what was started by hand.
function stopAll(cards) {
  const { ends } = runOfAll;
  runOfAll = null;
  for (const card of cards) {
    if (card.running) ends.add(card.running);
    card.cancel();
  }
}

async function countStates(ends) {
  const counts = {};
  for (const state of await Promise.all(ends)) counts[state] = (counts[state] ?? 0) + 1;
  return Object.entries(counts).map(([state, count]) => `${count} ${state}`).join(', ');
}

async function runAll(cards) {
  const run = { ends: new Set() };
  runOfAll = run;
  runAllButton.textContent = 'Stop';
  for (const card of cards) {
    if (runOfAll !== run) break;
    const end = card.run();
    run.ends.add(end);
    await end;
  }
  const states = await countStates(run.ends);
  if (runOfAll && runOfAll !== run) return; // stopped, and the next one has the button
  runOfAll = null;
  runAllButton.textContent = 'Run all';
  announcement.textContent = states;
}

// What a link leads to must not be under the toolbar, which takes two lines in a narrow window.
function measureToolbar() {
  const { offsetHeight } = document.querySelector('.toolbar');
  document.documentElement.style.setProperty('--toolbar-height', `${offsetHeight}px`);
}

// The browser looked for what the address names before the cards were there.
function followFragment() {
  let id = location.hash.slice(1);
  try {
    id = decodeURIComponent(id);
  } catch {
    // A % that encodes nothing: the id as it stands.
  }
  measureToolbar(); // its observer comes a frame later
  document.getElementById(id)?.scrollIntoView({ behavior: 'instant' });
}

// `begun` is true once somebody has begun to use the page: from then on it must not be scrolled.
function watchForUse() {
  const use = { begun: false };
  for (const type of ['keydown', 'pointerdown', 'wheel']) {
    addEventListener(type, () => { use.begun = true; }, { once: true, passive: true });
  }
  return use;
}

async function start() {
  dressSnippets();
  new ResizeObserver(measureToolbar).observe(document.querySelector('.toolbar'));
  const [configuration, { default: createModule }] = await Promise.all([
    fetchText('config.json').then(JSON.parse), import('./demo_module.mjs'),
  ]);
  const module = await createModule();
  watchFetch();
  showFacts(configuration.sizes);
  serverChoice.append(...configuration.servers.map(({ name, url }) => new Option(name, url)));
  const cards = makeCards(module);
  document.getElementById('overview').append(...cards.map(overviewItem));
  loadingNotice.remove();
  main.append(...cards.map((card) => card.element));
  runAllButton.setAttribute('aria-disabled', 'false');
  runAllButton.addEventListener('click', () => (runOfAll ? stopAll(cards) : runAll(cards)));
  followFragment();
  const use = watchForUse();
  // Each of them moves what the address names.
  await showSources(cards, () => { if (!use.begun) followFragment(); });
  document.documentElement.dataset.ready = 'true';
}

start().catch((error) => {
  const notice = Object.assign(document.createElement('p'),
    { className: 'notice', textContent: `The page could not start: ${error.message}` });
  notice.setAttribute('role', 'alert');
  loadingNotice.remove();
  main.append(notice);
});
