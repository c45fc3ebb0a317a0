// The demo page in a browser, as the tests see it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { isAboutFetch } from '../wasm/browser_host.mjs';
import { launch } from '../wasm/browsers.mjs';

export const serveProgram = fileURLToPath(new URL('../../web/serve.mjs', import.meta.url));
const patience = 20_000;

async function startServing(folder) {
  const child = spawn(process.execPath, [serveProgram, folder, '--exit-with-parent'],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`serve.mjs ended early, with ${code}`);
  });
  exited.catch(() => {});
  const line = once(createInterface({ input: child.stdout }), 'line');
  const [text] = await Promise.race([line, exited]);
  return { url: /http:\S+/.exec(text)[0], stop: () => child.stdin.end() };
}

// Runs in the page before its own scripts.
function hearProblems() {
  globalThis.problems = [];
  const hear = (type, describe) => addEventListener(type, (event) => {
    globalThis.problems.push(`${type}: ${describe(event)}`);
  });
  hear('error', (event) => event.message);
  hear('unhandledrejection', (event) => event.reason?.stack ?? event.reason);
  hear('securitypolicyviolation', (event) => `${event.violatedDirective} ${event.blockedURI}`);
}

class DemoPage {
  constructor(tab, folder, artifacts, prefix) {
    Object.assign(this, { tab, folder, artifacts, prefix, heard: [] });
  }

  async open(url) {
    this.url = url;
    await this.listen();
    await this.tab.goto(url);
    await this.untilReady();
    const configuration = await this.tab.evaluate(() => fetch('config.json').then((r) => r.json()));
    this.server = configuration.servers[0].url;
  }

  async listen() {
    // The browser's own lines about a fetch that failed have no arguments; no page can avoid them.
    this.tab.on('console', (line) => {
      if (line.type() !== 'error' || line.args().length === 0) return;
      this.heard.push(`console: ${line.text()}`);
    });
    this.tab.on('pageerror', ({ message }) => {
      const isAboutFailedFetch = message.startsWith('Cross-Origin Request Blocked'); // in Firefox
      if (!isAboutFailedFetch) this.heard.push(`page error: ${message}`);
    });
    this.tab.on('error', (error) => this.heard.push(`crash: ${error.message}`));
    if (this.prefix === 'chromium') await this.#watchChromiumLog();
    await this.tab.evaluateOnNewDocument(hearProblems);
    await this.tab.setViewport({ width: 1360, height: 900 });
  }

  async #watchChromiumLog() {
    const session = await this.tab.createCDPSession();
    session.on('Log.entryAdded', ({ entry }) => {
      if (entry.level !== 'error' || isAboutFetch(entry)) return;
      this.heard.push(`the browser's log: ${entry.text}`);
    });
    await session.send('Log.enable');
  }

  async #silence(isSilent) {
    await this.tab.setRequestInterception(true);
    this.tab.on('request', (request) => {
      if (!isSilent(new URL(request.url()).pathname)) request.continue();
    });
  }

  // Gives `use` a tab of its own at that URL, once its `load` has fired. What goes wrong there is
  // for `use` to judge. The files whose path `isSilent` picks are asked for and never answered.
  async beside(url, use, isSilent = null) {
    const tab = await this.tab.browser().newPage();
    const other = new DemoPage(tab, this.folder, this.artifacts, this.prefix);
    try {
      await other.listen();
      if (isSilent) await other.#silence(isSilent);
      await tab.goto(url);
      await use(other);
    } finally {
      await tab.close();
      await this.tab.bringToFront();
    }
  }

  // The same with a page that lacks these files.
  async without(files, use) {
    const folder = mkdtempSync(join(tmpdir(), 'reqivo-web-'));
    let serving;
    try {
      cpSync(this.folder, folder, { recursive: true });
      for (const file of files) rmSync(join(folder, file));
      serving = await startServing(folder);
      await this.beside(serving.url, use);
    } finally {
      serving?.stop();
      rmSync(folder, { recursive: true });
    }
  }

  // All that went wrong since it was last asked.
  async takeProblems() {
    const inPage = await this.tab.evaluate(() => globalThis.problems.splice(0));
    return [...this.heard.splice(0), ...inPage];
  }

  until(condition, ...values) {
    return this.tab.waitForFunction(condition, { polling: 50, timeout: patience }, ...values);
  }

  untilReady() {
    return this.until(() => document.documentElement.dataset.ready === 'true');
  }

  // `condition` runs in the page, with the card.
  untilCard(pattern, condition) {
    return this.until(`(${condition})(document.querySelector('[data-pattern="${pattern}"]'))`);
  }

  // The page follows its toolbar's height a frame after the window has its new width: a link that
  // is clicked in between leads to where the toolbar was to end before.
  async resize(width, height = 900) {
    await this.tab.setViewport({ width, height });
    await this.until((wanted) => {
      const followed = document.documentElement.style.getPropertyValue('--toolbar-height');
      const { offsetHeight } = document.querySelector('.toolbar');
      return innerWidth === wanted && followed === `${offsetHeight}px`;
    }, width);
  }

  part(pattern, role) {
    return `[data-pattern="${pattern}"] [data-role="${role}"]`;
  }

  async click(selector) {
    await this.tab.$eval(selector, (element) => {
      element.scrollIntoView({ block: 'center', behavior: 'instant' });
    });
    await this.tab.click(selector);
  }

  state(pattern) {
    return this.tab.$eval(`[data-pattern="${pattern}"]`, (card) => card.dataset.state);
  }

  // Its state, once it has ended.
  async end(pattern) {
    await this.until((name) => ['done', 'failed', 'cancelled'].includes(
      document.querySelector(`[data-pattern="${name}"]`).dataset.state), pattern);
    return this.state(pattern);
  }

  async run(pattern) {
    await this.click(this.part(pattern, 'run'));
    return this.end(pattern);
  }

  text(pattern, role) {
    return this.tab.$eval(this.part(pattern, role), (element) => element.textContent);
  }

  async result(pattern) {
    return JSON.parse(await this.text(pattern, 'result'));
  }

  // The outcome of each request that the waterfall shows.
  outcomes(pattern) {
    return this.tab.$$eval(`${this.part(pattern, 'waterfall')} li`,
      (rows) => rows.map((row) => row.dataset.outcome));
  }

  // Waits until the waterfall shows that many requests.
  async untilStarted(pattern, count) {
    await this.until((rows, least) => document.querySelectorAll(rows).length >= least,
      `${this.part(pattern, 'waterfall')} li`, count);
  }

  async keep(name, pattern) {
    const path = join(this.artifacts, `${this.prefix}-${name}.png`);
    if (pattern === undefined) {
      await this.tab.screenshot({ path, fullPage: true });
    } else {
      await (await this.tab.$(`[data-pattern="${pattern}"]`)).screenshot({ path });
    }
  }

  // What the embedded server says of itself.
  async control(path, method = 'GET') {
    return (await fetch(`${this.server}/control/${path}`, { method })).json();
  }

  // Asks the server until it says so, and gives what it then says.
  async untilControl(path, holds) {
    const end = Date.now() + patience;
    for (;;) {
      const record = await this.control(path);
      if (holds(record)) return record;
      if (Date.now() > end) throw new Error(`${path} stays at ${JSON.stringify(record)}`);
      await sleep(20);
    }
  }
}

// Serves the folder and opens its page in 'chromium' or 'firefox'. `close` ends all of it.
export async function openPage(folder, browserName, artifacts) {
  const serving = await startServing(folder);
  let launched;
  const close = async () => {
    await launched?.close();
    serving.stop();
  };
  try {
    launched = await launch(browserName);
    const tab = await launched.browser.newPage();
    const page = new DemoPage(tab, folder, artifacts, browserName);
    await page.open(serving.url);
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}
