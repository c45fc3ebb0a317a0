// The waterfall of a run: a bar for each request, on one axis of time.

import { formatTime } from './sizes.mjs';

// The axis starts this long, and then grows with the run.
const shortestAxis = 400;
const marks = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000,
  120_000, 300_000];
const mostTicks = 4;
const widestTickText = '000 ms';
const methodsShownPlain = new Set(['GET']);

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

function place(bar, from, to, length) {
  bar.style.left = `${(100 * from) / length}%`;
  bar.style.width = `${(100 * Math.max(0, to - from)) / length}%`;
}

// '/delay/1?name=first' of the whole URL.
function pathOf(url) {
  const { pathname, search } = new URL(url);
  return decodeURIComponent(pathname + search).replaceAll('+', ' ');
}

function summaryOf(run) {
  const count = run.requests.length;
  const requests = count === 1 ? '1 request'
    : `${count} requests, at most ${run.mostInFlight} at once,`;
  return `${requests} in ${formatTime(run.duration)}`;
}

class Row {
  constructor(request) {
    this.request = request;
    const method = methodsShownPlain.has(request.method) ? '' : `${request.method} `;
    const path = pathOf(request.url);
    this.wait = element('span', 'bar-wait');
    this.body = element('span', 'bar-body');
    this.bar = element('span', 'bar', this.wait, this.body);
    this.outcome = element('span', 'outcome', 'in flight');
    const label = element('span', 'label', element('b', '', method), path);
    label.title = `${request.method} ${path}`;
    const track = element('span', 'track', this.bar);
    track.setAttribute('aria-hidden', 'true');
    this.element = element('li', 'row', label, track, this.outcome);
  }

  update(start, now, length) {
    const { request, bar, wait, body } = this;
    const end = request.endAt ?? now;
    const headAt = request.headAt ?? end;
    place(bar, request.start - start, end - start, length);
    const whole = Math.max(end - request.start, 0.001);
    wait.style.width = `${(100 * (headAt - request.start)) / whole}%`;
    body.style.width = `${(100 * (end - headAt)) / whole}%`;
    this.element.dataset.outcome = request.outcome;
    const time = formatTime(whole);
    const text = request.endAt === null ? time : `${request.label} · ${time}`;
    if (this.outcome.textContent !== text) this.outcome.textContent = text;
  }
}

export class Waterfall {
  // `expectedRows`: room for so many is kept, so that the page does not jump.
  constructor(host, expectedRows) {
    this.summary = element('p', 'in-flight', 'Not run yet');
    this.axis = element('div', 'axis');
    this.axis.setAttribute('aria-hidden', 'true');
    this.ruler = element('span', 'tick-text ruler', widestTickText);
    this.ruler.setAttribute('aria-hidden', 'true');
    this.list = element('ol', 'rows');
    this.lineDots = element('span', 'track');
    const label = element('span', 'label', 'your coroutine');
    this.lineRow = element('div', 'row line-row', label, this.lineDots, element('span', 'outcome'));
    this.lineRow.setAttribute('aria-hidden', 'true');
    this.lineRow.hidden = true;
    host.style.setProperty('--expected-rows', expectedRows);
    host.append(this.summary,
      element('div', 'chart', this.ruler, this.axis, this.list, this.lineRow));
    this.ticksThatFit = mostTicks;
    this.reset();
    this.#watchRoom();
  }

  reset() {
    this.rows = [];
    this.list.replaceChildren();
    this.lineDots.replaceChildren();
    this.lineRow.hidden = true;
    this.mark = null;
    this.#renderAxis(shortestAxis);
  }

  // The window changes the axis' width, and the reader the text's.
  #watchRoom() {
    const observer = new ResizeObserver(() => {
      this.ticksThatFit = this.axis.offsetWidth / this.ruler.offsetWidth;
      this.#renderAxis(this.length);
    });
    observer.observe(this.axis);
    observer.observe(this.ruler);
  }

  render(run) {
    const now = run.endAt ?? performance.now();
    const length = Math.max(shortestAxis, (now - run.start) * 1.02);
    for (const request of run.requests.slice(this.rows.length)) {
      const row = new Row(request);
      this.rows.push(row);
      this.list.append(row.element);
    }
    for (const row of this.rows) row.update(run.start, now, length);
    this.#renderLines(run, length);
    this.#renderAxis(length);
    this.#renderSummary(run);
  }

  #renderLines(run, length) {
    for (const line of run.lines.slice(this.lineDots.childElementCount)) {
      this.lineDots.append(element('i', line.error ? 'dot dot-error' : 'dot'));
    }
    this.lineRow.hidden = run.lines.length === 0;
    run.lines.forEach(({ at }, index) => {
      this.lineDots.children[index].style.left = `${(100 * (at - run.start)) / length}%`;
    });
  }

  #renderAxis(length) {
    this.length = length;
    const most = Math.min(mostTicks, this.ticksThatFit);
    const mark = marks.find((one) => length / one <= most) ?? marks.at(-1);
    if (mark !== this.mark) {
      this.mark = mark;
      this.axis.replaceChildren();
    }
    const count = Math.floor(length / mark);
    while (this.axis.childElementCount > count) this.axis.lastChild.remove();
    while (this.axis.childElementCount < count) {
      const time = (this.axis.childElementCount + 1) * mark;
      const text = time < 1000 ? `${time} ms` : `${time / 1000} s`;
      this.axis.append(element('span', 'tick', element('span', 'tick-text', text)));
    }
    [...this.axis.children].forEach((tick, index) => {
      tick.style.left = `${(100 * (index + 1) * mark) / length}%`;
    });
  }

  #renderSummary(run) {
    const text = run.endAt === null ? `${run.inFlight} in flight` : summaryOf(run);
    if (this.summary.textContent !== text) this.summary.textContent = text;
  }
}
