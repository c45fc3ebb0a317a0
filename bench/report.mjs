// Turns the raw figures into medians, a table for people, and the verdict on the goals.

const goals = {
  cpuToEpoll: 2, cpuToLibcurl: 0.5, writesPerRequest: 1, timerCallsPerRequest: 0,
  streamToEpoll: 1.1, streamResidentMebibytes: 32,
};

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

export const spread = (values) => ({
  median: median(values), minimum: Math.min(...values), maximum: Math.max(...values),
});

/** One client in one scenario: `timings` of all rounds and the `counts` of the traced run. */
export const summarise = (scenario, client, timings, counts) => {
  const calls = counts.systemCalls;
  return {
    scenario: scenario.name, kind: scenario.kind, tls: scenario.tls, inFlight: scenario.inFlight,
    client,
    wallMicroseconds: spread(timings.map((timing) => timing.wallMicroseconds)),
    cpuMicroseconds: spread(timings.map((timing) => timing.cpuMicroseconds)),
    userMicroseconds: spread(timings.map((timing) => timing.userMicroseconds)),
    peakResidentMebibytes:
      Math.max(...timings.map((timing) => timing.peakResidentKibibytes)) / 1024,
    residentGrowthMebibytes: Math.max(...timings.map(
      (timing) => timing.peakResidentKibibytes - timing.residentBeforeKibibytes)) / 1024,
    connections: Math.max(...timings.map((timing) => timing.connections)),
    systemCalls: calls.total / counts.requests,
    writes: calls.writes / counts.requests,
    reads: calls.reads / counts.requests,
    waits: calls.waits / counts.requests,
    timerCalls: calls.timers / counts.requests,
    allocations: counts.allocations / counts.requests,
    releases: counts.releases / counts.requests,
    allocatedBytes: counts.allocatedBytes / counts.requests,
    systemCallsByName: calls.byName,
    timings,
  };
};

/** Cells as text, the first column to the left and the others to the right. */
export const align = (rows) => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row
    .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
    .join('  ')).join('\n');
};

const smallColumns = ['', 'CPU us', '(min..max)', 'user us', 'wall us', 'syscalls', 'writes',
  'reads', 'waits', 'timers', 'allocs', 'bytes', 'conns', 'RSS MiB'];

const smallRow = (row) => [
  `  ${row.client}`, row.cpuMicroseconds.median.toFixed(2),
  `(${row.cpuMicroseconds.minimum.toFixed(2)}..${row.cpuMicroseconds.maximum.toFixed(2)})`,
  row.userMicroseconds.median.toFixed(2), row.wallMicroseconds.median.toFixed(2),
  row.systemCalls.toFixed(3), row.writes.toFixed(3), row.reads.toFixed(3), row.waits.toFixed(3),
  row.timerCalls.toFixed(3), row.allocations.toFixed(2), row.allocatedBytes.toFixed(0),
  String(row.connections), row.peakResidentMebibytes.toFixed(1),
];

const streamColumns = ['', 'CPU ms', '(min..max)', 'user ms', 'wall ms', '(min..max)', 'GiB/s',
  'syscalls', 'reads', 'waits', 'timers', 'allocs', 'RSS MiB', 'growth MiB'];

const inMilliseconds = ({median: middle, minimum, maximum}) => [
  (middle / 1000).toFixed(1), `(${(minimum / 1000).toFixed(1)}..${(maximum / 1000).toFixed(1)})`,
];

const streamRow = (row) => [
  `  ${row.client}`, ...inMilliseconds(row.cpuMicroseconds),
  inMilliseconds(row.userMicroseconds)[0], ...inMilliseconds(row.wallMicroseconds),
  (0.25 / (row.wallMicroseconds.median / 1e6)).toFixed(2), row.systemCalls.toFixed(0),
  row.reads.toFixed(0), row.waits.toFixed(0), row.timerCalls.toFixed(0), row.allocations.toFixed(0),
  row.peakResidentMebibytes.toFixed(1), row.residentGrowthMebibytes.toFixed(1),
];

const table = (rows, columns, toCells) => {
  if (rows.length === 0) return '';
  const cells = [columns];
  for (const [index, row] of rows.entries()) {
    if (index === 0 || rows[index - 1].scenario !== row.scenario) {
      cells.push([row.scenario, ...columns.slice(1).map(() => '')]);
    }
    cells.push(toCells(row));
  }
  return align(cells).replace(/ +$/gm, '');
};

export const formatTables = (rows) => [
  'Small GET, figures per request (median of the rounds; counts from a traced run)',
  table(rows.filter((row) => row.kind === 'small'), smallColumns, smallRow),
  '',
  'Stream of 256 MiB, figures per transfer',
  table(rows.filter((row) => row.kind === 'stream'), streamColumns, streamRow),
].join('\n');

const verdict = (goal, value, epollValue, limit, met) => ({goal, value, epollValue, limit, met});
const atMost = (goal, value, epollValue, limit) =>
  verdict(goal, value, epollValue, limit, value <= limit);
const exactly = (goal, value, epollValue, limit) =>
  verdict(goal, value, epollValue, limit, value === limit);

const judgeSmall = (row, epoll, libcurl) => {
  const cpuTo = (one, other) => one.cpuMicroseconds.median / other.cpuMicroseconds.median;
  return [
    atMost('CPU / epoll client', cpuTo(row, epoll), 1, goals.cpuToEpoll),
    atMost('CPU / libcurl multi', cpuTo(row, libcurl), cpuTo(epoll, libcurl), goals.cpuToLibcurl),
    exactly('writes per request', row.writes, epoll.writes, goals.writesPerRequest),
    exactly('timer calls per request', row.timerCalls, epoll.timerCalls,
            goals.timerCallsPerRequest),
    exactly('connections opened', row.connections, epoll.connections, row.inFlight),
  ];
};

const judgeStream = (row, epoll) => [
  atMost('CPU / epoll client', row.cpuMicroseconds.median / epoll.cpuMicroseconds.median, 1,
         goals.streamToEpoll),
  atMost('wall / epoll client', row.wallMicroseconds.median / epoll.wallMicroseconds.median, 1,
         goals.streamToEpoll),
  atMost('peak RSS, MiB', row.peakResidentMebibytes, epoll.peakResidentMebibytes,
         goals.streamResidentMebibytes),
];

// Of the ways to drive libcurl the one that is faster in this scenario stands for it.
const fastestLibcurl = (rows) => rows
  .filter((row) => row.client.startsWith('curl-'))
  .reduce((best, row) =>
    (best === null || row.cpuMicroseconds.median < best.cpuMicroseconds.median ? row : best), null);

/** How `client` does against the goals, in every scenario that was measured. */
export const judge = (rows, client) => {
  const scenarios = [...new Set(rows.map((row) => row.scenario))];
  return scenarios.flatMap((scenario) => {
    const here = rows.filter((row) => row.scenario === scenario);
    const row = here.find((one) => one.client === client);
    const epoll = here.find((one) => one.client === 'epoll');
    const libcurl = fastestLibcurl(here);
    if (row === undefined || epoll === undefined || libcurl === null) return [];
    const verdicts =
      row.kind === 'small' ? judgeSmall(row, epoll, libcurl) : judgeStream(row, epoll);
    return verdicts.map((one) => ({scenario, ...one}));
  });
};

const round = (value) => String(Math.round(value * 1000) / 1000);

/** The epoll client's own value stands beside: a goal that it misses is out of reach here. */
export const formatVerdicts = (verdicts) => align([
  ['Goal', 'measured', 'wanted', '', 'epoll client'],
  ...verdicts.map((one) => [
    `${one.scenario}: ${one.goal}`, round(one.value), round(one.limit), one.met ? 'met' : 'MISSED',
    round(one.epollValue),
  ]),
]);
