// What is measured: the scenarios, and how one client goes through one of them.
import {execFile} from 'node:child_process';
import path from 'node:path';
import {promisify} from 'node:util';
import {largeSize, patternBody, smallBody} from './nginx.mjs';
import {countSystemCalls, traceArguments} from './system_calls.mjs';

const run = promisify(execFile);
const measurementTimeoutMs = 60_000;

const smallScenario = (inFlight, tls, requests, tracedRequests) => ({
  name: `${inFlight} in flight, ${tls ? 'TLS' : 'plain'}`,
  kind: 'small', tls, inFlight, requests, tracedRequests, warmUp: Math.max(200, 2 * inFlight),
});

const streamScenario = (tls) => ({
  name: `256 MiB streamed, ${tls ? 'TLS' : 'plain'}`,
  kind: 'stream', tls, inFlight: 1, requests: 1, tracedRequests: 1, warmUp: 20,
});

/** All scenarios; `scale` shortens the timed runs. */
export const makeScenarios = (scale) => [false, true].flatMap((tls) => [
  smallScenario(1, tls, 10_000 * scale, 500),
  smallScenario(64, tls, 20_000 * scale, 3200),
  smallScenario(1000, tls, 20_000 * scale, 4000),
  streamScenario(tls),
]);

const serverArguments = (nginx, tls) => [
  `port=${nginx.port(tls)}`, ...(tls ? [`ca-file=${nginx.caFile}`] : []),
];

export class Bench {
  /** `placement`: the processor of the client by the scenario's kind, or null for any. */
  constructor(program, nginx, placement) {
    this.program = program;
    this.nginx = nginx;
    this.placement = placement;
  }

  async clients() {
    const {stdout} = await run(this.program, ['list']);
    return stdout.trim().split('\n');
  }

  /** Throws unless the client gets every kind of body whole. */
  async verify(client) {
    const bodies = {
      '/small': Buffer.from(smallBody), '/pattern': patternBody, '/chunked': patternBody,
    };
    for (const tls of [false, true]) {
      for (const [resource, expected] of Object.entries(bodies)) {
        const {stdout} = await run(
          this.program,
          ['fetch', `client=${client}`, `path=${resource}`, ...serverArguments(this.nginx, tls)],
          {encoding: 'buffer', maxBuffer: 64 * 1024 * 1024, timeout: measurementTimeoutMs});
        if (!stdout.equals(expected)) throw new Error(`${client}: a wrong body for ${resource}`);
      }
    }
  }

  /** Times one run in a process of its own. */
  async time(scenario, client) {
    const args = this.#arguments(scenario, client, scenario.requests);
    const before = await this.nginx.counters();
    const {stdout} = await run(this.program, args, {timeout: measurementTimeoutMs});
    const after = await this.nginx.counters();
    const figures = JSON.parse(stdout);
    this.#checkBodies(scenario, client, scenario.requests, figures);
    const cpuSeconds = figures.userSeconds + figures.systemSeconds;
    return {
      wallMicroseconds: figures.wallSeconds / scenario.requests * 1e6,
      cpuMicroseconds: cpuSeconds / scenario.requests * 1e6,
      userMicroseconds: figures.userSeconds / scenario.requests * 1e6,
      residentBeforeKibibytes: figures.residentBeforeKibibytes,
      peakResidentKibibytes: figures.peakResidentKibibytes,
      connections: after.accepted - before.accepted - 1,
    };
  }

  /** Counts system calls and heap calls of one shorter run, which strace slows down. */
  async count(scenario, client) {
    const log = path.join(this.nginx.directory, 'trace');
    const args = this.#arguments(scenario, client, scenario.tracedRequests);
    const {stdout} = await run(
      'strace',
      [...traceArguments(log), this.program, ...args, 'detail=counts'],
      {timeout: measurementTimeoutMs});
    const figures = JSON.parse(stdout);
    this.#checkBodies(scenario, client, scenario.tracedRequests, figures);
    return {
      requests: scenario.tracedRequests,
      systemCalls: countSystemCalls(log),
      allocations: figures.allocations,
      releases: figures.releases,
      allocatedBytes: figures.allocatedBytes,
    };
  }

  #arguments(scenario, client, requests) {
    const processor = this.placement[scenario.kind];
    return [
      scenario.kind === 'small' ? 'requests' : 'stream', `client=${client}`,
      ...serverArguments(this.nginx, scenario.tls), `in-flight=${scenario.inFlight}`,
      `requests=${requests}`, `warm-up=${scenario.warmUp}`, 'warm-path=/small',
      `path=${scenario.kind === 'small' ? '/small' : '/large'}`,
      ...(processor === null ? [] : [`processor=${processor}`]),
    ];
  }

  #checkBodies(scenario, client, requests, figures) {
    const expected = scenario.kind === 'small' ? requests * smallBody.length : largeSize;
    if (figures.bodyBytes !== expected) {
      throw new Error(`${client}, ${scenario.name}: ${figures.bodyBytes} bytes, not ${expected}`);
    }
  }
}
