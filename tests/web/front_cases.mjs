// What the page says of the project: how to use it, its version, its documents.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const documents = {
  'README.txt': 'README.md',
  'LICENSE.txt': 'LICENSE',
  'docs/errors.txt': 'docs/errors.md',
  'docs/capabilities.txt': 'docs/capabilities.md',
  'docs/architecture.txt': 'docs/architecture.md',
  'docs/testing.txt': 'docs/testing.md',
};

async function tellsVersionAndLicence(page) {
  const [, version] = /define REQIVO_VERSION "([\d.]+)"/.exec(read('include/reqivo/version.hpp'));
  const shown = (selector) => page.tab.$eval(selector, (element) => element.textContent);
  assert.equal(await shown('.version'), version);
  assert.equal(await shown('footer p'), `Reqivo ${version}, MIT licence`);
  assert.match(read('LICENSE'), /^MIT License\n/);
  const compatible = version.split('.').slice(0, 2).join('.');
  assert.ok((await shown('#use')).includes(`find_package(reqivo ${compatible} REQUIRED)`));
  assert.ok(read('README.md').includes(`find_package(reqivo ${compatible} REQUIRED)`));
}

async function leadsToTheDocuments(page) {
  const targets = await page.tab.$$eval('a:not([href^="#"])', (links) =>
    links.map((link) => link.getAttribute('href')));
  assert.deepEqual([...new Set(targets)].sort(), Object.keys(documents).sort());
  for (const [target, file] of Object.entries(documents)) {
    const response = await fetch(new URL(target, page.url));
    assert.equal(response.headers.get('Content-Type'), 'text/plain; charset=utf-8');
    assert.equal(await response.text(), read(file));
  }
}

async function copiesItsSnippets(page) {
  const copied = await page.tab.$$eval('.snippet', async (snippets) => {
    const texts = [];
    navigator.clipboard.writeText = async (text) => { texts.push(text); };
    snippets.forEach((snippet) => snippet.querySelector('button').click());
    delete navigator.clipboard.writeText;
    return texts;
  });
  const shown = await page.tab.$$eval('.snippet pre', (boxes) =>
    boxes.map((box) => `${box.textContent}\n`));
  assert.deepEqual(copied, shown);
  assert.match(copied[0], /^#include <cstdio>\n[^]*run_main\(program\(\)\); }\n$/);
  const heard = () => page.tab.$$eval('.snippet [role="status"]', (all) =>
    all.map((one) => one.textContent));
  assert.deepEqual(await heard(), Array(shown.length).fill('Copied'));
}

async function tellsWhereItCannotCopy(page) {
  const status = await page.tab.$eval('.snippet', async (snippet) => {
    navigator.clipboard.writeText = () => Promise.reject(new Error('no'));
    snippet.querySelector('button').click();
    delete navigator.clipboard.writeText;
    await new Promise((resolve) => { setTimeout(resolve); });
    return snippet.querySelector('[role="status"]').textContent;
  });
  assert.equal(status, 'The browser does not let the page copy.');
  await page.resize(320);
  const place = await page.tab.$eval('.snippet h3', ({ offsetWidth }) => offsetWidth);
  assert.ok(place >= 90, `it leaves its heading ${place} pixels`);
  await page.resize(1360);
}

async function highlightsItsSnippets(page) {
  const words = await page.tab.$$eval('.snippet pre', (boxes) => boxes.map((box) =>
    [...box.querySelectorAll('[class^="token-"]')].map((word) => word.textContent)));
  const wanted = ['co_await', 'FetchContent_Declare', 'REQUIRED', '-DCMAKE_TOOLCHAIN_FILE'];
  for (const [index, word] of wanted.entries()) {
    assert.ok(words[index].includes(word), `${word} among ${words[index]}`);
  }
}

// By the toolchain file, which finds what toolchains/setup has installed; README says it alike.
async function buildsWithTheToolchain(page) {
  const commands = await page.tab.$eval('.snippet [data-language="shell"]', (box) =>
    box.textContent);
  const [option, file] = /-DCMAKE_TOOLCHAIN_FILE=third_party\/reqivo\/(\S+)/.exec(commands);
  assert.ok(existsSync(new URL(`../../${file}`, import.meta.url)), file);
  assert.ok(read('README.md').includes(option), option);
  assert.doesNotMatch(commands, /emcmake/);
}

export const frontCases = [
  ["the page tells the project's version and licence", tellsVersionAndLicence],
  ["the page leads to the project's documents", leadsToTheDocuments],
  ["the page builds with the project's toolchain", buildsWithTheToolchain],
  ['a snippet is highlighted', highlightsItsSnippets],
  ['a snippet can be copied', copiesItsSnippets],
  ['the page tells where it cannot copy', tellsWhereItCannotCopy],
];
