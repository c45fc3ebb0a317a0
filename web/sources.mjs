// The sources that the page shows: of the patterns, and of how it calls them.

import { highlightCpp } from './highlight.mjs';

const callSource = `import createModule from './demo_module.mjs';

const module = await createModule();
const controller = new AbortController();

try {
  const text = await module.basic_request(
    server, page, controller.signal);
  show(JSON.parse(text));
} catch (error) {
  // TotalTimeout, total_timeout, head
  show(error.name, error.code, error.phase);
}

// anywhere, any time
controller.abort();
`;

// As it was before the page watches the requests of its patterns.
const { fetch } = globalThis;
const patience = 6000;

// Rejects where there is no such file, and where it does not come.
export async function fetchText(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(patience) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.text();
}

// The page works without its sources, so it says where one is missing and goes on.
async function showSource(path, show) {
  try {
    show(highlightCpp((await fetchText(path)).trimEnd()));
  } catch {
    show('The source is not available.');
  }
}

// Resolves once all are shown, or said to be missing; never rejects. `onShown` hears of each.
export async function showSources(cards, onShown) {
  const box = (name) => document.getElementById(`${name}-source`);
  box('call').replaceChildren(highlightCpp(callSource.trimEnd()));
  const sources = [
    ...cards.map((card) => [`patterns/${card.pattern.name}.cpp`, (text) => card.showSource(text)]),
    ['bindings.cpp', (text) => box('bindings').replaceChildren(text)],
  ];
  await Promise.all(sources.map(([path, show]) => showSource(path, show).then(onShown)));
}
