// Measures Reqivo under WebAssembly beside plain JavaScript and Emscripten's fetch API.
import {existsSync, writeFileSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {Nginx, largeSize, smallBody} from '../nginx.mjs';
import {formatTable, formatVerdicts, judge, summarise} from './report.mjs';
import {openTarget, targetNames} from './targets.mjs';

const usage = `usage: node bench/wasm/run.mjs BUILD_DIRECTORY [options]
  --quick          fewer rounds
  --target A,B     only these of ${targetNames.join(', ')}
  --only TEXT      only scenarios whose name contains TEXT
  --rounds N       timed rounds of each small scenario (default 25, with --quick 7); streams a third
  --check          exit with 2 where a goal is missed
The figures are written to BUILD_DIRECTORY/bench-wasm.json.`;

const turnMs = 250;
const discardedRounds = {small: 3, stream: 1};

const parseArguments = () => {
  const {values, positionals} = parseArgs({
    allowPositionals: true,
    options: {
      quick: {type: 'boolean', default: false}, target: {type: 'string'}, only: {type: 'string'},
      rounds: {type: 'string'}, check: {type: 'boolean', default: false},
      help: {type: 'boolean', default: false},
    },
  });
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  if (positionals.length !== 1) throw new Error(usage);
  const modules = path.resolve(positionals[0], 'bench', 'wasm');
  for (const name of ['reqivo_client.mjs', 'emscripten_client.mjs']) {
    const file = path.join(modules, name);
    if (!existsSync(file)) throw new Error(`${file} does not exist: build it first`);
  }
  const targets = values.target?.split(',') ?? targetNames;
  const unknown = targets.filter((target) => !targetNames.includes(target));
  if (unknown.length > 0) throw new Error(`no such target: ${unknown.join(', ')}`);
  const rounds = Number(values.rounds ?? (values.quick ? 7 : 25));
  if (!Number.isInteger(rounds) || rounds < 3) throw new Error('--rounds takes a number from 3');
  return {...values, targets, rounds, modules, buildDirectory: positionals[0]};
};

const makeScenarios = (server) => [
  {name: '1 in flight', kind: 'small', inFlight: 1},
  {name: '64 in flight', kind: 'small', inFlight: 64},
  {name: '256 MiB streamed', kind: 'stream', inFlight: 1},
].map((scenario) => (scenario.kind === 'small'
  ? {...scenario, url: `${server}/small`, bodyBytes: smallBody.length}
  : {...scenario, url: `${server}/large`, bodyBytes: largeSize}));

const progress = (text) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

const measureScenario = async (name, target, scenario, timedRounds) => {
  const discarded = discardedRounds[scenario.kind];
  const requests = await target.call('calibrate', scenario, turnMs);
  const count = discarded + (scenario.kind === 'stream' ? Math.ceil(timedRounds / 3) : timedRounds);
  const rounds = [];
  for (let number = 0; number < count; ++number) {
    progress(`${name}, ${scenario.name}: round ${number + 1} of ${count}`);
    rounds.push(await target.call('round', scenario, requests, number));
  }
  const absent = await target.call('absent', scenario.kind);
  return summarise(name, scenario, rounds, discarded, absent);
};

const measureTarget = async (target, name, options, server) => {
  const scenarios = makeScenarios(server).filter((one) => one.name.includes(options.only ?? ''));
  if (scenarios.length === 0) throw new Error(`no scenario's name contains "${options.only}"`);
  const results = [];
  for (const scenario of scenarios) {
    results.push(await measureScenario(name, target, scenario, options.rounds));
  }
  return results;
};

const measureAll = async (options) => {
  const page = path.dirname(fileURLToPath(import.meta.url));
  const folders = {'/page/': page, '/modules/': options.modules};
  const nginx = await Nginx.start(null, {folders, uncached: true});
  let target = null;
  const stop = async () => {
    await target?.close();
    await nginx.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => stop().finally(() => process.exit(1)));
  }
  const versions = {};
  const results = [];
  try {
    const server = `http://127.0.0.1:${nginx.port(false)}`;
    for (const name of options.targets) {
      target = await openTarget(name, options.modules, server);
      versions[name] = target.version;
      results.push(...await measureTarget(target, name, options, server));
      await target.close();
    }
  } finally {
    await stop();
  }
  progress('');
  return {versions, results};
};

const main = async () => {
  const options = parseArguments();
  const {versions, results} = await measureAll(options);
  const verdicts = judge(results);
  console.log(Object.entries(versions).map(([name, version]) => `${name}: ${version}`).join(', '));
  console.log(`\n${formatTable(results)}\n\n${formatVerdicts(verdicts)}`);
  const file = path.join(options.buildDirectory, 'bench-wasm.json');
  const settings = {
    date: new Date().toISOString(), rounds: options.rounds, quick: options.quick, versions,
    processors: availableParallelism(),
  };
  writeFileSync(file, `${JSON.stringify({settings, results, verdicts}, null, 1)}\n`);
  console.log(`\nAll figures: ${file}`);
  if (options.check && verdicts.some((verdict) => !verdict.met)) process.exitCode = 2;
};

try {
  await main();
} catch (error) {
  console.error(`bench/wasm/run.mjs: ${error.message}`);
  process.exitCode = 1;
}
