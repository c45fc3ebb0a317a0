// How the page opens: at what its address names, and without some of its files.

import assert from 'node:assert/strict';

// Nothing may be above the heading of a pattern that was linked to.
async function seesHeading(page, name, width) {
  const isSeen = (id) => {
    const { top, left } = document.getElementById(id).getBoundingClientRect();
    const isNearTop = top < 200 || scrollY + innerHeight >= document.body.scrollHeight - 1;
    return isNearTop && document.elementFromPoint(left + 1, top + 1)?.id === id;
  };
  await page.until(isSeen, `${name}-title`).catch(async () => {
    const where = await page.tab.evaluate((id) => JSON.stringify({
      heading: document.getElementById(id).getBoundingClientRect(),
      toolbar: document.querySelector('.toolbar').getBoundingClientRect(),
      style: document.documentElement.style.cssText,
      scrollY, innerWidth, hash: location.hash,
    }), `${name}-title`);
    assert.fail(`${name} at ${width} pixels: ${where}`);
  });
}

async function coversNoHeading(page, names) {
  const scroll = (how) => page.tab.evaluate((behavior) => {
    document.documentElement.style.scrollBehavior = behavior;
  }, how);
  await scroll('auto');
  for (const width of [1360, 960, 959, 800, 641, 360]) {
    await page.resize(width);
    for (const name of names) {
      await page.tab.$eval(`#overview a[href="#${name}"]`, (link) => link.click());
      await seesHeading(page, name, width);
    }
  }
  await scroll('');
  await page.resize(1360);
}

async function opensAtAPattern(page, name) {
  await page.beside(`${page.url}#${name}`, async (other) => {
    await other.untilReady();
    await seesHeading(other, name, 1360);
    for (const width of [1360, 800, 360]) {
      await other.tab.setViewport({ width, height: 900 });
      await other.tab.reload();
      await other.untilReady();
      await seesHeading(other, name, width);
    }
    assert.deepEqual(await other.takeProblems(), []);
  });
}

function noticesOf(page) {
  return page.tab.$$eval('.notice', (all) => all.map(({ role, textContent }) =>
    `${role}: ${textContent.replace(/\s+/g, ' ')}`));
}

async function opensAtAnyFragment(page) {
  for (const fragment of ['nowhere', '%E0%A4%A']) {
    await page.beside(`${page.url}#${fragment}`, async (other) => {
      await other.untilReady();
      assert.deepEqual(await noticesOf(other), []);
      assert.equal(await other.tab.evaluate(() => scrollY), 0);
    });
  }
}

async function tellsThatItLoads(page) {
  for (const file of ['main.mjs', 'card.mjs']) {
    await page.without([file], async (other) => {
      assert.deepEqual(await noticesOf(other), ['status: The module is loading. '
        + "If this stays, the page's scripts could not be loaded."]);
      await other.keep(`without-${file}`);
    });
  }
  assert.deepEqual(await noticesOf(page), []);
}

async function tellsThatItCouldNotStart(page) {
  await page.without(['demo_module.mjs'], async (other) => {
    await other.until(() => document.querySelector('[role="alert"].notice'));
    const [notice, ...more] = await noticesOf(other);
    assert.match(notice, /^alert: The page could not start: ./);
    assert.deepEqual(more, []);
  });
}

async function doesWithoutSomeSources(page) {
  await page.without(['patterns/streaming.cpp', 'bindings.cpp'], async (other) => {
    await other.untilReady();
    const missing = 'The source is not available.';
    assert.equal(await other.text('streaming', 'source'), missing);
    assert.match(await other.text('timeouts', 'source'), /wait_for/);
    const shown = (id) => other.tab.$eval(`#${id}-source`, (box) => box.textContent);
    assert.equal(await shown('bindings'), missing);
    assert.match(await shown('call'), /createModule/);
    await other.click('#run-all');
    await other.untilStarted('concurrent_gather', 3);
    assert.deepEqual(await noticesOf(other), []);
  });
}

// The page waits 6 s for its sources. It must be of use before, and must not move afterwards.
async function waitsForNoSource(page) {
  await page.beside(`${page.url}#timeouts`, async (other) => {
    await other.until(() => /wait_for/.test(document.getElementById('timeouts')?.textContent));
    await seesHeading(other, 'timeouts', 1360);
    assert.equal(await other.run('basic_request'), 'done');
    const look = () => other.tab.evaluate(() => ({
      isReady: document.documentElement.dataset.ready === 'true',
      place: Math.round(document.getElementById('basic_request').getBoundingClientRect().top),
    }));
    const { isReady, place } = await look();
    assert.ok(!isReady, 'two of its sources are not there');
    await other.untilReady();
    assert.equal((await look()).place, place);
    assert.equal(await other.text('streaming', 'source'), 'The source is not available.');
    assert.deepEqual(await other.takeProblems(), []);
  }, (path) => ['/patterns/streaming.cpp', '/bindings.cpp'].includes(path));
}

/** `names`: those of the patterns. */
export const openingCases = (names) => [
  ['nothing covers the heading that a link leads to', (page) => coversNoHeading(page, names)],
  ...['semaphore', 'timeouts'].map((name) =>
    [`the page opens at ${name} where its address says so`, (page) => opensAtAPattern(page, name)]),
  ['the page opens with any fragment', opensAtAnyFragment],
  ['the page tells that its scripts are loading', tellsThatItLoads],
  ['the page tells why it could not start', tellsThatItCouldNotStart],
  ['the page does without a source that is missing', doesWithoutSomeSources],
  ['the page waits for no source', waitsForNoSource],
];
