// Runs the whole matrix against a private nginx, prints tables and writes the figures as JSON.
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {Nginx} from './nginx.mjs';
import {formatTables, formatVerdicts, judge, summarise} from './report.mjs';
import {Bench, makeScenarios} from './scenarios.mjs';

const usage = `usage: bench/run BUILD_DIRECTORY [options]
  --quick              fewer rounds and shorter runs: about 40 s
  --rounds N           timed runs of each client in each scenario (default 5)
  --only TEXT          only scenarios whose name contains TEXT
  --clients A,B        only these clients (default: all; with --quick all but curl-epoll)
  --placement P        where client and server run: mixed (default), same, apart, free
  --check              exit with 2 where a goal is missed
  --program FILE       the benchmark program (default: BUILD_DIRECTORY/bench/reqivo_bench_native)
The figures are written to BUILD_DIRECTORY/bench-native.json.

Placement on the processors. Left free, the kernel now puts client and server on one, now on two,
and the figures of one client then differ by more than the clients do. On the same one, waking the
other side costs no interrupt to another processor, so that a client's own work is most of what is
left. Apart, none is charged for the other's packets, which counts with long bodies. Mixed is the
same processor for small requests, and apart for streams.`;

const parseArguments = () => {
  const {values, positionals} = parseArgs({
    allowPositionals: true,
    options: {
      quick: {type: 'boolean', default: false}, rounds: {type: 'string'}, only: {type: 'string'},
      clients: {type: 'string'}, placement: {type: 'string', default: 'mixed'},
      check: {type: 'boolean', default: false}, program: {type: 'string'},
      help: {type: 'boolean', default: false},
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  if (positionals.length !== 1) throw new Error(usage);
  const program = values.program ?? path.join(positionals[0], 'bench', 'reqivo_bench_native');
  if (!existsSync(program)) throw new Error(`${program} does not exist: build it first`);
  const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1');
  return {...values, rounds, program: path.resolve(program), buildDirectory: positionals[0]};
};

/** The processors that this process may use: "0-1,4" in /proc is [0, 1, 4]. */
const allowedProcessors = () => {
  const status = readFileSync('/proc/self/status', 'utf8');
  const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(status);
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({length: last - first + 1}, (_, i) => first + i);
  });
};

const choosePlacement = (placement) => {
  const processors = allowedProcessors();
  const server = processors.at(-1);
  const other = processors[0];
  switch (placement) {
    case 'mixed': return {server, small: server, stream: other};
    case 'same': return {server, small: server, stream: server};
    case 'apart': return {server, small: other, stream: other};
    case 'free': return {server: null, small: null, stream: null};
    default: throw new Error('--placement is mixed, same, apart or free');
  }
};

const progress = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

// The clients take turns within a round, each round beginning with another one, so that whatever
// else the machine does hits all of them alike.
const measureScenario = async (bench, scenario, clients, rounds) => {
  const timings = new Map(clients.map((client) => [client, []]));
  for (let round = 0; round < rounds; ++round) {
    for (let turn = 0; turn < clients.length; ++turn) {
      const client = clients[(turn + round) % clients.length];
      progress(`${scenario.name}: round ${round + 1} of ${rounds}, ${client}`);
      timings.get(client).push(await bench.time(scenario, client));
    }
  }
  const rows = [];
  for (const client of clients) {
    progress(`${scenario.name}: counting, ${client}`);
    const counts = await bench.count(scenario, client);
    rows.push(summarise(scenario, client, timings.get(client), counts));
  }
  return rows;
};

const chooseClients = async (bench, options) => {
  const known = await bench.clients();
  if (options.clients === undefined) {
    // It is within a few per cent of curl-poll, and mostly behind it.
    return known.filter((client) => !options.quick || client !== 'curl-epoll');
  }
  const chosen = options.clients.split(',');
  const unknown = chosen.filter((client) => !known.includes(client));
  if (unknown.length > 0) throw new Error(`no such client: ${unknown.join(', ')}`);
  return chosen;
};

const measureAll = async (bench, options) => {
  const clients = await chooseClients(bench, options);
  for (const client of clients) await bench.verify(client);
  const scenarios = makeScenarios(options.quick ? 0.25 : 1)
    .filter((scenario) => scenario.name.includes(options.only ?? ''));
  if (scenarios.length === 0) throw new Error(`no scenario's name contains "${options.only}"`);
  const rows = [];
  for (const scenario of scenarios) {
    rows.push(...await measureScenario(bench, scenario, clients, options.rounds));
  }
  progress('');
  return rows;
};

const main = async () => {
  const options = parseArguments();
  const placement = choosePlacement(options.placement);
  const nginx = await Nginx.start(placement.server);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => nginx.stop().finally(() => process.exit(1)));
  }
  let rows;
  try {
    rows = await measureAll(new Bench(options.program, nginx, placement), options);
  } finally {
    await nginx.stop();
  }
  const verdicts = judge(rows, 'reqivo');
  console.log(formatTables(rows));
  if (verdicts.length > 0) console.log(`\n${formatVerdicts(verdicts)}`);
  const file = path.join(options.buildDirectory, 'bench-native.json');
  const settings = {
    date: new Date().toISOString(), rounds: options.rounds, quick: options.quick, placement,
    processors: availableParallelism(),
  };
  writeFileSync(file, `${JSON.stringify({settings, rows, verdicts}, null, 1)}\n`);
  console.log(`\nAll figures: ${file}`);
  if (options.check && verdicts.some((verdict) => !verdict.met)) process.exitCode = 2;
};

try {
  await main();
} catch (error) {
  console.error(`bench/run: ${error.message}`);
  process.exitCode = 1;
}
