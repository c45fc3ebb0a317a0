import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {test} from 'node:test';
import {judge, summarise} from './report.mjs';
import {countSystemCalls} from './system_calls.mjs';

const countIn = (lines) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'reqivo-bench-test-'));
  try {
    writeFileSync(path.join(directory, 'trace'), lines.join('\n'));
    return countSystemCalls(path.join(directory, 'trace'));
  } finally {
    rmSync(directory, {recursive: true});
  }
};

test('only the calls between the marks are counted, those of all threads, each once', () => {
  const calls = countIn([
    '10 sendto(3, "GET"..., 3, MSG_NOSIGNAL, NULL, 0) = 3',
    '10 access("/reqivo-bench-begin", F_OK) = -1 ENOENT (No such file or directory)',
    '10 sendto(3, "GET"..., 3, MSG_NOSIGNAL, NULL, 0) = 3',
    '11 epoll_wait(4,  <unfinished ...>',
    '10 timerfd_settime(5, 0, {}, NULL) = 0',
    '11 <... epoll_wait resumed>[{}], 256, -1) = 1',
    '11 recvfrom(3, "HTTP"..., 4096, 0, NULL, NULL) = 90',
    '10 access("/reqivo-bench-end", F_OK) = -1 ENOENT (No such file or directory)',
    '10 write(1, "x", 1) = 1',
  ]);
  assert.deepEqual(calls, {
    total: 4, writes: 1, reads: 1, waits: 1, timers: 1,
    byName: {sendto: 1, epoll_wait: 1, timerfd_settime: 1, recvfrom: 1},
  });
});

test('a trace without the marks is an error', () => {
  assert.throws(() => countIn(['10 write(1, "x", 1) = 1']), /marks are missing/);
});

const scenario = {name: '1 in flight, plain', kind: 'small', tls: false, inFlight: 1};

const rowOf = (client, cpuMicroseconds, {writes = 100, timers = 0, connections = 1} = {}) => {
  const timings = cpuMicroseconds.map((cpu) => ({
    wallMicroseconds: cpu, cpuMicroseconds: cpu, userMicroseconds: cpu,
    residentBeforeKibibytes: 1024, peakResidentKibibytes: 2048, connections,
  }));
  const systemCalls = {total: 300, writes, reads: 100, waits: 100, timers, byName: {}};
  const counts = {requests: 100, systemCalls, allocations: 0, releases: 0, allocatedBytes: 0};
  return summarise(scenario, client, timings, counts);
};

const others = [
  rowOf('epoll', [10, 9, 11]), rowOf('curl-poll', [32, 30, 31]), rowOf('curl-epoll', [40]),
];

const missedGoals = (reqivo) => judge([...others, reqivo], 'reqivo')
  .filter((verdict) => !verdict.met).map((verdict) => verdict.goal);

test('the medians are judged, against the faster way to drive libcurl', () => {
  assert.deepEqual(missedGoals(rowOf('reqivo', [15.4, 99, 1])), []);
  assert.deepEqual(missedGoals(rowOf('reqivo', [15.6])), ['CPU / libcurl multi']);
  assert.deepEqual(missedGoals(rowOf('reqivo', [20.1])),
                   ['CPU / epoll client', 'CPU / libcurl multi']);
});

test('a second write, a timer call and a second connection are missed goals', () => {
  assert.deepEqual(missedGoals(rowOf('reqivo', [5], {writes: 101})), ['writes per request']);
  assert.deepEqual(missedGoals(rowOf('reqivo', [5], {timers: 1})), ['timer calls per request']);
  assert.deepEqual(missedGoals(rowOf('reqivo', [5], {connections: 2})), ['connections opened']);
});
