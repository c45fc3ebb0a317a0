// Times the contenders where they run: in a page or in Node. run.mjs calls the methods one by one.
import {loadContenders} from './contenders.mjs';

export class Measurement {
  #contenders;

  /** Loads the modules; `folder` is the URL of their folder. */
  async load(folder) { this.#contenders = await loadContenders(folder); }

  /** Why Emscripten's fetch, the only one that may not run everywhere, does not. */
  absent(kind) {
    return this.#able(kind).some(({name}) => name === 'emscripten') ? []
      : [{contender: 'emscripten', reason: 'no XMLHttpRequest here'}];
  }

  /** How many requests of plain JavaScript take `milliseconds`. */
  async calibrate(scenario, milliseconds) {
    if (scenario.kind === 'stream') return 1;
    const [plain] = this.#able(scenario.kind);
    let requests = Math.max(32, 2 * scenario.inFlight);
    for (;;) {
      const taken = await this.#time(plain, scenario, requests);
      if (taken >= milliseconds / 2) return Math.ceil(requests * milliseconds / taken);
      requests *= 2;
    }
  }

  /** One turn of each, beginning with another one each round, with what its wasm memory came to. */
  async round(scenario, requests, number) {
    const able = this.#able(scenario.kind);
    const results = [];
    for (let turn = 0; turn < able.length; ++turn) {
      const contender = able[(turn + number) % able.length];
      const memoryBefore = contender.memory?.() ?? 0;
      const milliseconds = await this.#time(contender, scenario, requests);
      results.push({
        contender: contender.name, microseconds: milliseconds * 1000 / requests,
        memoryBefore, memoryAfter: contender.memory?.() ?? 0,
      });
    }
    return results;
  }

  #able(kind) {
    return this.#contenders.filter((one) => (kind === 'stream' ? one.stream : one.get) !== null);
  }

  async #time(contender, scenario, requests) {
    const begin = performance.now();
    const bytes = scenario.kind === 'stream' ? await contender.stream(scenario.url)
      : await contender.get(scenario.url, requests, scenario.inFlight);
    const taken = performance.now() - begin;
    const expected = requests * scenario.bodyBytes;
    if (bytes !== expected) {
      throw new Error(`${contender.name}, ${scenario.name}: ${bytes} bytes, not ${expected}`);
    }
    return taken;
  }
}
