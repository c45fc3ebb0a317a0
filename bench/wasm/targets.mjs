// Where the contenders run. A target has call(method, ...words), which calls a method of its
// Measurement, and close().
import {fork} from 'node:child_process';
import {once} from 'node:events';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {launch} from '../../tests/wasm/browsers.mjs';

export const targetNames = ['node', 'chromium', 'firefox'];

const openNode = async (modules) => {
  const child = fork(fileURLToPath(new URL('node_target.mjs', import.meta.url)));
  const ended = once(child, 'exit');
  let settle = null;
  child.on('message', ({result, error}) => {
    if (error === undefined) settle.resolve(result);
    else settle.reject(new Error(`node: ${error}`));
  });
  child.on('exit', (code) => settle?.reject(new Error(`node has ended with ${code}`)));
  const call = (method, ...words) => new Promise((resolve, reject) => {
    settle = {resolve, reject};
    child.send({method, words});
  });
  const close = async () => {
    child.kill();
    await ended;
  };
  try {
    await call('load', pathToFileURL(modules).href);
  } catch (error) {
    await close();
    throw error;
  }
  return {version: process.version, call, close};
};

const openPage = async (browser, server) => {
  const page = await browser.newPage();
  await page.goto(`${server}/page/page.html`);
  await page.waitForFunction('globalThis.measurement !== undefined', {polling: 100});
  return page;
};

const openBrowser = async (name, server) => {
  // As for a user who does not look: with somebody listening, Chromium records the whole stack that
  // each request was made from, which takes longer than the request, and longest from WebAssembly.
  const {browser, close} = await launch(name, {networkEvents: false});
  try {
    const page = await openPage(browser, server);
    const call = (method, ...words) => page.evaluate(
      (asked, given) => globalThis.measurement[asked](...given), method, words);
    await call('load', `${server}/modules`);
    return {version: await browser.version(), call, close};
  } catch (error) {
    await close();
    throw error;
  }
};

/** `modules`: the folder of the compiled modules; `server`: the base URL that serves the page. */
export const openTarget = (name, modules, server) =>
  (name === 'node' ? openNode(modules) : openBrowser(name, server));
