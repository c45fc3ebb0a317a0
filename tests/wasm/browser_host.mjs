// Runs a program in a browser: serves its folder and a page that starts it, and hears the page.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { launch } from './browsers.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const types = {
  '.html': 'text/html; charset=utf-8', '.mjs': 'text/javascript', '.js': 'text/javascript',
  '.wasm': 'application/wasm', '.json': 'application/json',
};
const page = '<!doctype html><meta charset="utf-8"><title>Reqivo tests</title>'
  + '<link rel="icon" href="data:,"><script type="module" src="/runner/page.mjs"></script>';

async function contentOf(path, folders, texts) {
  if (Object.hasOwn(texts, path)) return texts[path];
  const [, folder, name, ...rest] = decodeURIComponent(path).split('/');
  if (!Object.hasOwn(folders, folder) || !name || name === '..' || rest.length > 0) return null;
  return readFile(join(folders[folder], name)).catch(() => null);
}

async function serve(folders, texts) {
  const server = http.createServer(async (request, response) => {
    const path = request.url.split('?')[0];
    const content = await contentOf(path, folders, texts);
    const type = types[extname(path)] ?? (path === '/' ? types['.html'] : types['.json']);
    response.writeHead(content === null ? 404 : 200,
      { 'Content-Type': type, 'Cache-Control': 'no-store' });
    response.end(content ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

// What Chromium prints by itself. A page cannot avoid the lines about a fetch that failed: each is
// an entry of source `network`, or, where CORS or a digest refused it, one of the realm that asked
// or of source `security`. All that code prints or throws comes another way: program.mjs sees it in
// the realm.
export function isAboutFetch({ source, text }) {
  const refusedByCors = /^Access to fetch at '.*' from origin '.*' has been blocked by CORS policy/;
  const refusedByDigest =
    /^(Failed to find a valid digest in the 'integrity' attribute|Fetch API cannot load )/;
  const ofRealm = ['javascript', 'worker'].includes(source);
  return source === 'network'
    || (ofRealm && refusedByCors.test(text.replace(/ \(redirected from '.*?'\)/, '')))
    || ((ofRealm || source === 'security') && refusedByDigest.test(text));
}

async function watchChromiumLog(tab, onMessage) {
  const session = await tab.createCDPSession();
  session.on('Log.entryAdded', ({ entry }) => {
    if (entry.level !== 'error' || isAboutFetch(entry)) return;
    const text = `the browser's own error (${entry.source}): ${entry.text} ${entry.url ?? ''}`;
    onMessage({ kind: 'problem', text });
  });
  await session.send('Log.enable');
}

function watchTab(tab, prefix, onMessage) {
  let begun = false;
  tab.on('console', (line) => {
    const text = line.text();
    if (text.startsWith(prefix)) {
      begun = true;
      onMessage(JSON.parse(text.slice(prefix.length)));
    } else if (line.type() !== 'error') {
      onMessage({ kind: 'output', text });
    } else if (line.args().length > 0) {  // without arguments it is the browser's own: see the log
      onMessage({ kind: 'problem', text: `console: ${text}` });
    }
  });
  // Once the page's own listeners are there, they tell of every error; what then still comes here
  // is that again, or Firefox's line about a fetch that CORS refused.
  tab.on('pageerror', (error) => {
    if (!begun) onMessage({ kind: 'fatal', text: `page error: ${error?.stack ?? error}` });
  });
  tab.on('error', (error) => onMessage({ kind: 'fatal', text: `the page crashed: ${error}` }));
}

// Starts it; `onMessage` gets the messages of program.mjs. The result's `stop` ends it for sure.
export async function startInBrowser(name, configuration, worker, onMessage) {
  const prefix = `${randomUUID()} `;
  const program = `/program/${basename(configuration.program)}`;
  const texts = {
    '/': page,
    '/configuration': JSON.stringify({ ...configuration, program, worker, prefix }),
  };
  const folders = { runner: here, program: dirname(configuration.program) };
  const server = await serve(folders, texts);
  let launched;
  const stop = async () => {
    await launched?.close();
    server.close();
    server.closeAllConnections();
  };
  try {
    launched = await launch(name);
    launched.browser.on('disconnected', () => {
      onMessage({ kind: 'fatal', text: 'the browser ended' });
    });
    const tab = await launched.browser.newPage();
    watchTab(tab, prefix, onMessage);
    if (name === 'chromium') await watchChromiumLog(tab, onMessage);
    // Not awaited to its end: a program that keeps the page busy would keep us here.
    tab.goto(`http://127.0.0.1:${server.address().port}/`, { timeout: 0 }).catch((error) => {
      onMessage({ kind: 'fatal', text: `the page cannot be opened: ${error.message}` });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}
