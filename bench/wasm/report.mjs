// Turns the rounds into medians and ratios, a table for people, and the verdict on the goals.
import {align, median, spread} from '../report.mjs';

const goals = {
  small: {to: 'fetch', ratio: 1.1},
  stream: {to: 'reader loop', ratio: 1.05},
};
export const judged = 'reqivo';

const quantile = (values, part) => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const below = Math.floor(at);
  const next = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[next] - sorted[below]);
};

const timesOf = (rounds, contender) => rounds.map(
  (round) => round.find((one) => one.contender === contender).microseconds);

const growthOf = (rounds, contender) => {
  const own = rounds.map((round) => round.find((one) => one.contender === contender));
  return own.at(-1).memoryAfter - own[0].memoryBefore;
};

/**
 * One scenario in one target: `rounds` with one result of each contender, of which the first
 * `discarded` count for memory only. `absent` are those who cannot run there.
 */
export const summarise = (target, scenario, rounds, discarded, absent) => {
  const counted = rounds.slice(discarded);
  const {to} = goals[scenario.kind];
  const reference = timesOf(counted, to);
  const rows = rounds[0].map(({contender}) => contender).map((contender) => {
    const times = timesOf(counted, contender);
    const ratios = times.map((time, index) => time / reference[index]);
    return {
      contender, microseconds: spread(times), ratio: median(times) / median(reference),
      ratioOfRounds: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
      memoryGrowth: growthOf(rounds, contender), memory: rounds.at(-1).find(
        (one) => one.contender === contender).memoryAfter, times,
    };
  });
  // In the order of the first round, which begins with the first contender.
  return {target, scenario: scenario.name, kind: scenario.kind, to, rows, absent};
};

const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1);

const columns = ['', 'per request', '(min..max)', 'ratio', '(quartiles)', 'wasm MiB', 'growth'];

const timeText = (kind, microseconds) =>
  (kind === 'stream' ? `${(microseconds / 1000).toFixed(1)} ms` : `${microseconds.toFixed(1)} us`);

const toCells = (kind, row) => {
  const {median: middle, minimum, maximum} = row.microseconds;
  return [
    `  ${row.contender}`, timeText(kind, middle),
    `(${timeText(kind, minimum)}..${timeText(kind, maximum)})`, row.ratio.toFixed(3),
    `(${row.ratioOfRounds.map((ratio) => ratio.toFixed(3)).join('..')})`,
    row.memory === 0 ? '-' : mebibytes(row.memory),
    row.memory === 0 ? '-' : mebibytes(row.memoryGrowth),
  ];
};

export const formatTable = (results) => align([columns, ...results.flatMap((result) => [
  [`${result.target}, ${result.scenario}`, ...columns.slice(1).map(() => '')],
  ...result.rows.map((row) => toCells(result.kind, row)),
  ...result.absent.map(({contender, reason}) => [
    `  ${contender}`, reason, ...columns.slice(2).map(() => '')]),
])]).replace(/ +$/gm, '');

/** How Reqivo does against the goals. */
export const judge = (results) => results.map((result) => {
  const {ratio, ratioOfRounds} = result.rows.find((row) => row.contender === judged);
  const limit = goals[result.kind].ratio;
  return {
    target: result.target, scenario: result.scenario, to: result.to, ratio, ratioOfRounds, limit,
    met: ratio <= limit,
  };
});

export const formatVerdicts = (verdicts) => align([
  ['Goal', 'measured', 'wanted', ''],
  ...verdicts.map(({target, scenario, to, ratio, limit, met}) => [
    `${target}, ${scenario}: ${judged} / ${to}`, ratio.toFixed(3), limit.toFixed(2),
    met ? 'met' : 'MISSED',
  ]),
]);
