// What the page announces, to those who do not see it.

import assert from 'node:assert/strict';

// Of each status: what it says, and whether it is rendered. Where it is not, it is not in the
// accessibility tree either, and the text that brings it there may not be announced.
function lookAtStatuses() {
  return [...document.querySelectorAll('[role="status"]')].map((status) => ({
    text: status.textContent,
    isRendered: status.checkVisibility() && status.getClientRects().length > 0,
  }));
}

async function rendersEmptyStatuses(page) {
  await page.beside(page.url, async (other) => {
    await other.untilReady();
    for (const width of [1360, 360]) {
      await other.resize(width);
      const statuses = await other.tab.evaluate(lookAtStatuses);
      const wanted = Array(1 + 9 + 4).fill({ text: '', isRendered: true }); // toolbar, cards, Copy
      assert.deepEqual(statuses, wanted);
      await leavesNoGap(other);
    }
  });
}

// Nothing of the toolbar's height or width goes to the status that is empty.
async function leavesNoGap(page) {
  const measure = () => page.tab.$eval('.toolbar', (toolbar) =>
    [toolbar, toolbar.querySelector('nav')].map((box) => [box.offsetWidth, box.offsetHeight]));
  const hide = (hidden) => page.tab.$eval('#announcement', (status, value) => {
    status.hidden = value;
  }, hidden);
  const shown = await measure();
  await hide(true);
  assert.deepEqual(shown, await measure());
  await hide(false);
}

// What was announced of a run of all must not stay beside what came after it.
async function takesBackWhatItAnnounced(page) {
  const announced = () => page.tab.$eval('#announcement', (status) => status.textContent);
  await page.click('#run-all');
  await page.until(() => document.getElementById('announcement').textContent === '9 done');
  await page.click(page.part('concurrent_gather', 'run'));
  assert.equal(await announced(), '', 'a card has started');
  await page.click(page.part('concurrent_gather', 'cancel'));
  assert.equal(await page.end('concurrent_gather'), 'cancelled');
  assert.equal(await announced(), '');

  await page.click('#run-all');
  await page.click('#run-all');
  await page.until(() => / cancelled$/.test(document.getElementById('announcement').textContent));
  await page.click('#run-all');
  assert.equal(await announced(), '', 'all have started');
  await page.click('#run-all');
  await page.until(() => document.getElementById('run-all').textContent === 'Run all');
}

export const statusCases = [
  ['a status is rendered before it has a text', rendersEmptyStatuses],
  ['an announcement goes once a card starts', takesBackWhatItAnnounced],
];
