// The card of one pattern: its source, its buttons, and what its run shows.

import { highlightJson } from './highlight.mjs';
import { Run } from './run.mjs';
import { formatBytes, formatTime } from './sizes.mjs';
import { Waterfall } from './waterfall.mjs';

const calmInterval = 250;
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const stateTexts = {
  idle: '', running: 'Running', done: 'Done', failed: 'Failed', cancelled: 'Cancelled',
};

function setDisabled(button, disabled) {
  // Not `disabled`: a button that has the focus must keep it.
  button.setAttribute('aria-disabled', String(disabled));
}

function field(name, value) {
  const row = document.createElement('div');
  row.append(Object.assign(document.createElement('dt'), { textContent: name }),
    Object.assign(document.createElement('dd'), { textContent: value }));
  return row;
}

// What a failure says about itself, as C++ has it.
function describeError(error) {
  const title = Object.assign(document.createElement('p'),
    { className: 'error-title', textContent: error.name ?? 'Error' });
  const facts = document.createElement('dl');
  for (const name of ['code', 'phase', 'retryable', 'message']) {
    if (error[name] !== undefined) facts.append(field(name, String(error[name])));
  }
  return [title, facts];
}

export class Card {
  // `call`: starts the pattern with what a Reporter speaks to, an AbortSignal and the chosen value,
  // and gives the promise of its result as JSON. `onState` hears of each state.
  constructor(pattern, { call, memoryBytes, onState }) {
    Object.assign(this, { pattern, call, memoryBytes, onState });
    this.controller = null;
    this.running = null;
    const content = document.getElementById('card').content.cloneNode(true);
    this.element = content.firstElementChild;
    this.#fill();
    this.waterfall = new Waterfall(this.part('waterfall'), pattern.rows);
    this.part('run').addEventListener('click', () => this.run());
    this.part('cancel').addEventListener('click', () => this.cancel());
  }

  part(role) {
    return this.element.querySelector(`[data-role="${role}"]`);
  }

  get state() {
    return this.element.dataset.state;
  }

  showSource(content) {
    this.part('source').replaceChildren(content);
  }

  cancel() {
    this.controller?.abort(new DOMException('cancelled by its button', 'AbortError'));
  }

  // Resolves, once the run has ended, to its state; never rejects. The run that is under way, if
  // there is one.
  run() {
    this.running ??= this.#run().finally(() => { this.running = null; });
    return this.running;
  }

  async #run() {
    const controller = new AbortController();
    const run = new Run();
    this.controller = controller;
    this.#begin(run);
    let end;
    try {
      const value = this.choice?.value;
      const result = JSON.parse(await this.call(run.reporter, controller.signal, value));
      end = () => this.#showResult(result, run);
    } catch (error) {
      end = controller.signal.aborted ? () => this.#setState('cancelled', run)
        : () => this.#showError(error, run);
    }
    // A cancelled task is destroyed, and its requests with it, just after its promise is rejected.
    if (controller.signal.aborted) await run.whenIdle();
    this.controller = null;
    run.finish();
    end();
    this.#render(run);
    return this.state;
  }

  #fill() {
    const { name, title, sentence, choice } = this.pattern;
    this.element.dataset.pattern = name;
    this.element.id = name;
    const heading = this.element.querySelector('h2');
    heading.textContent = title;
    heading.id = `${name}-title`;
    this.element.setAttribute('aria-labelledby', heading.id);
    this.element.querySelector('.sentence').textContent = sentence;
    this.element.querySelector('.file').textContent = `web/patterns/${name}.cpp`;
    this.part('run').setAttribute('aria-label', `Run ${title}`);
    this.part('cancel').setAttribute('aria-label', `Cancel ${title}`);
    this.part('waterfall').setAttribute('aria-label', `Requests of ${title}`);
    this.part('source').setAttribute('aria-label', `C++ of ${title}`);
    this.part('result').setAttribute('aria-label', `Result of ${title}`);
    if (choice) this.#addChoice(choice);
  }

  #addChoice({ label, values }) {
    this.choice = document.createElement('select');
    this.choice.dataset.role = 'choice';
    this.choice.append(...values.map(({ name, value }) => new Option(name, value)));
    const line = document.createElement('label');
    line.className = 'choice';
    line.append(`${label} `, this.choice);
    this.part('cancel').after(line);
  }

  #begin(run) {
    this.waterfall.reset();
    this.shownLines = 0;
    this.part('lines').replaceChildren();
    for (const role of ['result', 'error', 'lines', 'transfer']) this.part(role).hidden = true;
    this.part('error').replaceChildren();
    this.part('result').replaceChildren();
    this.#setState('running', run);
    const draw = (time) => {
      if (run.endAt !== null) return;
      if (!calm.matches || time - (this.drawnAt ?? 0) >= calmInterval) {
        this.drawnAt = time;
        this.#render(run);
      }
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  #setState(state, run) {
    this.element.dataset.state = state;
    setDisabled(this.part('run'), state === 'running');
    setDisabled(this.part('cancel'), state !== 'running');
    const time = run.endAt === null ? '' : ` after ${formatTime(run.duration)}`;
    this.part('status').textContent = stateTexts[state] + time;
    this.onState(this, state);
  }

  #showResult(result, run) {
    if (run.transfer) Object.assign(run.transfer, { bytes: result.bytes, chunks: result.chunks });
    const view = this.part('result');
    view.replaceChildren(highlightJson(JSON.stringify(result, null, 2)));
    view.hidden = false;
    this.#setState('done', run);
  }

  #showError(error, run) {
    this.part('error').replaceChildren(...describeError(error));
    this.part('error').hidden = false;
    this.#setState('failed', run);
  }

  #render(run) {
    this.waterfall.render(run);
    this.#renderLines(run);
    if (run.transfer) this.#renderTransfer(run.transfer);
  }

  #renderLines(run) {
    const list = this.part('lines');
    for (const { text, error, at } of run.lines.slice(this.shownLines)) {
      const time = Object.assign(document.createElement('time'),
        { textContent: formatTime(at - run.start) });
      const item = document.createElement('li');
      item.append(time, text);
      if (error) {
        item.dataset.outcome = error.code.endsWith('_timeout') ? 'timeout' : 'failed';
        item.append(Object.assign(document.createElement('small'), { textContent: error.message }));
      }
      list.append(item);
    }
    this.shownLines = run.lines.length;
    list.hidden = run.lines.length === 0;
  }

  #renderTransfer(transfer) {
    const box = this.part('transfer');
    box.hidden = false;
    const seconds = Math.max((transfer.endAt ?? performance.now()) - transfer.start, 1) / 1000;
    const bar = box.querySelector('progress');
    if (transfer.expected) bar.value = transfer.bytes / transfer.expected;
    const whole = transfer.expected ? ` of ${formatBytes(transfer.expected)}` : '';
    const parts = [
      formatBytes(transfer.bytes) + whole,
      `${formatBytes(Math.round(transfer.bytes / seconds))}/s`,
      `${transfer.chunks.toLocaleString('en')} chunks`,
      `wasm memory ${formatBytes(this.memoryBytes())}`,
    ];
    box.querySelector('p').replaceChildren(...parts.map((text) =>
      Object.assign(document.createElement('span'), { textContent: text })));
  }
}
