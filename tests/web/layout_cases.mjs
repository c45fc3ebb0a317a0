// How the page uses the window that it has.

import assert from 'node:assert/strict';

async function leavesASidewaysPhoneItsHeight(page) {
  await page.resize(844, 390);
  await page.tab.evaluate(() => scrollTo({ top: innerHeight * 3, behavior: 'instant' }));
  const [top, bottom] = await page.tab.$eval('.toolbar', (toolbar) => {
    const box = toolbar.getBoundingClientRect();
    return [box.top, box.bottom];
  });
  assert.ok(bottom < 0, `the toolbar is at ${top} to ${bottom}`);
  await page.keep('sideways');
  await page.resize(1360);
}

// Of each source that is higher than its box: how many lines are seen, where no scroll bar takes
// their place (which is a sign as well), and its background.
function lookAtSources() {
  return [...document.querySelectorAll('.card-source .code')].filter(
    (box) => box.scrollHeight > box.clientHeight).map((box) => {
    const style = getComputedStyle(box);
    return {
      lines: (box.offsetHeight - 2 - parseFloat(style.paddingTop)) / parseFloat(style.lineHeight),
      attachments: style.backgroundAttachment.split(', '),
    };
  });
}

async function showsThatSourcesScroll(page) {
  for (const width of [390, 768]) {
    await page.resize(width);
    const sources = await page.tab.evaluate(lookAtSources);
    assert.ok(sources.length >= 5, `${sources.length} sources scroll at ${width} pixels`);
    for (const { lines, attachments } of sources) {
      assert.ok(Math.abs((lines % 1) - 0.5) < 0.15, `${lines} lines are seen at ${width} pixels`);
      assert.deepEqual([...new Set(attachments)], ['local', 'scroll']);
    }
  }
  await page.resize(1360);
}

// The browser draws the marker in the colour of the text, so it is seen in any theme.
async function showsWhatOpens(page) {
  const look = (isOpen) => page.tab.$eval('#inside', (details, open) => {
    details.open = open;
    const { display, listStyleType } = getComputedStyle(details.querySelector('summary'));
    return [display, listStyleType];
  }, isOpen);
  assert.deepEqual(await look(false), ['list-item', 'disclosure-closed']);
  assert.deepEqual(await look(true), ['list-item', 'disclosure-open']);
  await look(false);
}

// As a window of that width is, with text of that size.
async function readAt(page, width, textSize, read) {
  await page.tab.evaluate((size) => { document.documentElement.style.fontSize = size; }, textSize);
  await page.resize(width);
  return page.tab.evaluate(read);
}

async function readBack(page) {
  await page.tab.evaluate(() => { document.documentElement.style.fontSize = ''; });
  await page.resize(1360);
}

// Of each axis: its width, how many ticks it has, and the smallest space before the text of one.
// The axes follow the window by the next frame.
async function lookAtAxes() {
  const nextFrame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
  await nextFrame();
  await nextFrame();
  return [...document.querySelectorAll('.axis')].map((axis) => {
    const { left, width } = axis.getBoundingClientRect();
    const texts = [...axis.querySelectorAll('.tick-text')].map((text) =>
      text.getBoundingClientRect());
    const spaces = texts.map((text, index) => text.left - (texts[index - 1]?.right ?? left));
    return { width, ticks: texts.length, space: Math.min(width, ...spaces) };
  });
}

const plainSizes = [1360, 1300, 1200, 1100, 960, 700, 375, 320].map((width) => [width, '100%']);
const largeSizes = [1300, 960, 700, 375, 320].map((width) => [width, '200%']);

async function keepsItsTicksApart(page) {
  await page.run('concurrent_gather');
  for (const [width, textSize] of [...plainSizes, ...largeSizes]) {
    const axes = await readAt(page, width, textSize, lookAtAxes);
    const where = `at ${width} pixels with ${textSize} text: ${JSON.stringify(axes)}`;
    assert.ok(axes.every((axis) => axis.space >= 6), `ticks overlap ${where}`);
    assert.ok(axes.every((axis) => axis.width >= 120), `bars have no room ${where}`);
    assert.ok(axes.some((axis) => axis.ticks > 0), `there are no ticks ${where}`);
  }
  await readBack(page);
  const axes = await page.tab.evaluate(lookAtAxes);
  assert.ok(axes.some((axis) => axis.ticks === 4), 'they come back');
}

async function scrollsNotSideways(page) {
  await page.tab.$eval('#inside', (details) => { details.open = true; });
  await page.run('timeouts');
  for (const [width, textSize] of [...plainSizes, ...largeSizes]) {
    const overflow = await readAt(page, width, textSize, () =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, `at ${width} pixels with ${textSize} text`);
    if (width === 375) await page.keep(`phone-${parseInt(textSize, 10)}`);
  }
  await page.tab.$eval('#inside', (details) => { details.open = false; });
  await readBack(page);
}

export const layoutCases = [
  ['the toolbar leaves a phone held sideways its height', leavesASidewaysPhoneItsHeight],
  ['a source that scrolls looks like it', showsThatSourcesScroll],
  ['what opens has a marker that turns', showsWhatOpens],
  ['the ticks of an axis keep apart', keepsItsTicksApart],
  ['the page does not scroll sideways', scrollsNotSideways],
];
