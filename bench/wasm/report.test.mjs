import assert from 'node:assert/strict';
import {test} from 'node:test';
import {formatTable, judge, summarise} from './report.mjs';

const result = (contender, microseconds, memoryBefore = 0, memoryAfter = 0) =>
  ({contender, microseconds, memoryBefore, memoryAfter});

const roundsOf = (pairs) => pairs.map(([plain, reqivo]) => [
  result('fetch', plain), result('reqivo', reqivo, 100, 100 + reqivo)]);

const scenario = {name: '1 in flight', kind: 'small'};

const judgeRounds = (pairs, discarded) =>
  judge([summarise('node', scenario, roundsOf(pairs), discarded, [])])[0];

test('the medians of the rounds that count are judged', () => {
  assert.equal(judgeRounds([[10, 11], [10, 11], [10, 99]], 0).met, true);
  assert.equal(judgeRounds([[10, 11.2], [10, 11.2], [10, 1]], 0).met, false);
});

test('rounds that are thrown away count for memory and not for time', () => {
  const rounds = roundsOf([[10, 500], [10, 10], [10, 10]]);
  const [, reqivo] = summarise('node', scenario, rounds, 1, []).rows;
  assert.equal(reqivo.ratio, 1);
  assert.equal(reqivo.memoryGrowth, 10);
  const first = summarise('node', scenario, [rounds[0], rounds[0]], 1, []).rows[1];
  assert.equal(first.memoryGrowth, 500);
});

test('a contender that cannot run is in the table with the reason', () => {
  const absent = [{contender: 'emscripten', reason: 'no XMLHttpRequest here'}];
  const table = formatTable([summarise('node', scenario, roundsOf([[1, 1]]), 0, absent)]);
  assert.match(table, /^ {2}emscripten +no XMLHttpRequest here$/m);
});

test('a stream is judged against the reader loop', () => {
  const rounds = [[result('reader loop', 100), result('reqivo', 106)]];
  const [verdict] = judge([summarise('node', {name: 'stream', kind: 'stream'}, rounds, 0, [])]);
  assert.equal(verdict.to, 'reader loop');
  assert.equal(verdict.met, false);
});
